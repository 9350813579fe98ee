import { attr } from '../graph-def.js';
import { permuted } from './convolution.js';
import type { OpWriter } from './op-writer.js';

/** In NCHW order, as the graph says, so images of more than one pixel are turned first. */
export const flatten: OpWriter<'flatten'> = (args) => {
  const { node, topology, inputShapes, shape } = args;
  const { name } = node;
  const [sample = []] = inputShapes;
  if (sample.length === 1) return topology.op('Identity', name, args.inputs);
  let x = args.inputs[0]!;
  if (sample.length === 3 && sample[1]! * sample[2]! > 1) {
    const order = topology.integers(`${name}/order`, [0, 3, 1, 2]);
    x = topology.op('Transpose', `${name}/nchw`, [x, order], { Tperm: attr.type('DT_INT32') });
  }
  const size = topology.integers(`${name}/size`, [-1, shape[0]!]);
  return topology.op('Reshape', name, [x, size], { Tshape: attr.type('DT_INT32') });
};

export const linear: OpWriter<'linear'> = ({ node, topology, inputs: [x], weight }) => {
  const { name, attrs } = node;
  const { shape, data } = permuted(weight('weight'), [1, 0]);
  const product = topology.op(
    'MatMul',
    name,
    [x!, topology.constant(`${name}/weight`, shape, data)],
    {
      transpose_a: attr.bool(false),
      transpose_b: attr.bool(false),
    },
  );
  if (!attrs.bias) return product;
  const bias = weight('bias');
  return topology.op('BiasAdd', `${name}/bias_add`, [
    product,
    topology.constant(`${name}/bias`, bias.shape, bias.data),
  ]);
};
