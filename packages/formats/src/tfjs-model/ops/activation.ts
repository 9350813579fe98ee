import type { OpWriter } from './op-writer.js';

export const relu: OpWriter<'relu'> = ({ node, topology, inputs }) =>
  topology.op('Relu', node.name, inputs);

export const relu6: OpWriter<'relu6'> = ({ node, topology, inputs }) =>
  topology.op('Relu6', node.name, inputs);

export const sigmoid: OpWriter<'sigmoid'> = ({ node, topology, inputs }) =>
  topology.op('Sigmoid', node.name, inputs);

export const silu: OpWriter<'silu'> = ({ node: { name }, topology, inputs: [x] }) =>
  topology.op('Mul', name, [x!, topology.op('Sigmoid', `${name}/sigmoid`, [x!])]);

/** x / 2 · (1 + erf(x / √2)). */
export const gelu: OpWriter<'gelu'> = ({ node: { name }, topology, inputs: [x] }) => {
  const root = topology.scalar(`${name}/root_half`, Math.SQRT1_2);
  const erf = topology.op('Erf', `${name}/erf`, [topology.op('Mul', `${name}/scaled`, [x!, root])]);
  const one = topology.op('AddV2', `${name}/plus`, [erf, topology.scalar(`${name}/one`, 1)]);
  const half = topology.op('Mul', `${name}/half_x`, [x!, topology.scalar(`${name}/half`, 0.5)]);
  return topology.op('Mul', name, [half, one]);
};

/** x · relu6(x + 3) / 6. */
export const hardSwish: OpWriter<'hard_swish'> = ({ node: { name }, topology, inputs: [x] }) => {
  const shifted = topology.op('AddV2', `${name}/plus`, [x!, topology.scalar(`${name}/three`, 3)]);
  const gate = topology.op('Relu6', `${name}/relu6`, [shifted]);
  const sixth = topology.scalar(`${name}/sixth`, 1 / 6);
  return topology.op('Mul', name, [x!, topology.op('Mul', `${name}/gate`, [gate, sixth])]);
};
