import { attr } from '../graph-def.js';
import type { OpWriter } from './op-writer.js';

/** Two at a time, from the left. */
export const add: OpWriter<'add'> = ({ node: { name }, topology, inputs }) =>
  inputs.reduce((sum, term, i) =>
    topology.op('AddV2', i === inputs.length - 1 ? name : `${name}/sum${i}`, [sum, term]),
  );

/** Products with constants, then sums of two at a time, from the left. */
export const weightedSum: OpWriter<'weighted_sum'> = ({ node, topology, inputs }) => {
  const { name, attrs } = node;
  const last = inputs.length - 1;
  const terms = inputs.map((input, i) => {
    const factor = topology.scalar(`${name}/factor${i}`, attrs.factors[i]!);
    return topology.op('Mul', last === 0 ? name : `${name}/term${i}`, [input, factor]);
  });
  return terms.reduce((sum, term, i) =>
    topology.op('AddV2', i === last ? name : `${name}/sum${i}`, [sum, term]),
  );
};

/** Per-channel gates are `[N, 1, 1, C]`, which TensorFlow broadcasts. */
export const mul: OpWriter<'mul'> = ({ node, topology, inputs }) =>
  topology.op('Mul', node.name, inputs);

/** Channels are the last axis of images and the first after the batch of everything else. */
export const concat: OpWriter<'concat'> = ({ node, topology, inputs, shape }) => {
  const axis = topology.integers(`${node.name}/axis`, [shape.length === 3 ? 3 : 1], []);
  return topology.op('ConcatV2', node.name, [...inputs, axis], {
    N: attr.int(inputs.length),
    Tidx: attr.type('DT_INT32'),
  });
};

export const scale: OpWriter<'scale'> = ({ node: { name }, topology, inputs: [x], weight }) => {
  const { shape, data } = weight('weight');
  return topology.op('Mul', name, [x!, topology.constant(`${name}/weight`, shape, data)]);
};
