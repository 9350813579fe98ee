import { attr } from '../graph-def.js';
import type { OpWriter } from './op-writer.js';

/** (x / 255 − mean) / std as one product and one sum; the placeholder takes bytes as floats from 0 to 255. */
export const normalize: OpWriter<'normalize'> = ({ node, topology, inputs: [x] }) => {
  const { name, attrs } = node;
  const factors = Float32Array.from(attrs.std, (std) => 1 / (255 * std));
  const shifts = Float32Array.from(attrs.std, (std, c) => -attrs.mean[c]! / std);
  const scaled = topology.op('Mul', `${name}/scaled`, [
    x!,
    topology.constant(`${name}/factor`, [factors.length], factors),
  ]);
  const shift = topology.constant(`${name}/shift`, [shifts.length], shifts);
  return topology.op('AddV2', name, [scaled, shift]);
};

/** With running statistics. */
export const batchNorm: OpWriter<'batch_norm'> = ({ node, topology, inputs: [x], weight }) => {
  const { name, attrs } = node;
  const tensors = ['weight', 'bias', 'running_mean', 'running_var'].map((suffix) => {
    const { shape, data } = weight(suffix);
    return topology.constant(`${name}/${suffix}`, shape, data);
  });
  return topology.op('FusedBatchNormV3', name, [x!, ...tensors], {
    U: attr.type('DT_FLOAT'),
    epsilon: attr.float(attrs.eps),
    is_training: attr.bool(false),
    data_format: attr.text('NHWC'),
  });
};
