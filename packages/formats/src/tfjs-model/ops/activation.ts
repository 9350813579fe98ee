import type { TopologyBuilder } from '../topology-builder.js';
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

/** relu6(x + 3) / 6. */
export const hardSigmoid: OpWriter<'hard_sigmoid'> = ({ node: { name }, topology, inputs: [x] }) =>
  sixthOfRelu6(topology, name, name, x!);

/** x · relu6(x + 3) / 6. */
export const hardSwish: OpWriter<'hard_swish'> = ({ node: { name }, topology, inputs: [x] }) =>
  topology.op('Mul', name, [x!, sixthOfRelu6(topology, name, `${name}/gate`, x!)]);

function sixthOfRelu6(topology: TopologyBuilder, path: string, name: string, x: string): string {
  const shifted = topology.op('AddV2', `${path}/plus`, [x, topology.scalar(`${path}/three`, 3)]);
  const gate = topology.op('Relu6', `${path}/relu6`, [shifted]);
  return topology.op('Mul', name, [gate, topology.scalar(`${path}/sixth`, 1 / 6)]);
}
