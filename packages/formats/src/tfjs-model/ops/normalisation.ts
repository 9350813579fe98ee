import { attr } from '../graph-def.js';
import type { OpWriter, WriterArgs } from './op-writer.js';

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

/** With running statistics. TensorFlow's own op takes images alone; for vectors it is one product and one sum. */
export const batchNorm: OpWriter<'batch_norm'> = (args) => {
  const { node, topology, inputs, shape, weight } = args;
  const { name, attrs } = node;
  if (shape.length !== 3) return ofVectors(args);
  const tensors = ['weight', 'bias', 'running_mean', 'running_var'].map((suffix) => {
    const tensor = weight(suffix);
    return topology.constant(`${name}/${suffix}`, tensor.shape, tensor.data);
  });
  return topology.op('FusedBatchNormV3', name, [inputs[0]!, ...tensors], {
    U: attr.type('DT_FLOAT'),
    epsilon: attr.float(attrs.eps),
    is_training: attr.bool(false),
    data_format: attr.text('NHWC'),
  });
};

function ofVectors({ node, topology, inputs, weight }: WriterArgs<'batch_norm'>): string {
  const { name, attrs } = node;
  const [factor, bias, mean, variance] = (
    ['weight', 'bias', 'running_mean', 'running_var'] as const
  ).map((suffix) => weight(suffix).data);
  const factors = factor!.map((w, c) => w / Math.sqrt(variance![c]! + attrs.eps));
  const shifts = bias!.map((b, c) => b - mean![c]! * factors[c]!);
  const constant = (suffix: string, data: Float32Array): string =>
    topology.constant(`${name}/${suffix}`, [data.length], data);
  const scaled = topology.op('Mul', `${name}/scaled`, [inputs[0]!, constant('factor', factors)]);
  return topology.op('AddV2', name, [scaled, constant('shift', shifts)]);
}
