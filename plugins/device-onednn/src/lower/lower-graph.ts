import type { InferenceUse, TrainingUse } from '@refold/core';
import {
  InternalError,
  randomOf,
  shapesOf,
  sizeOf,
  type Graph,
  type GraphNode,
  type InputAttrs,
  type Quantisation,
  type TensorSpec,
} from '@refold/graph';
import type { NativeProgram } from '../native/native-program.js';
import { liveGraph } from './live-graph.js';
import { lowerRule } from './lower-rule.js';
import { lowerStep } from './lower-step.js';
import { inIntegers, inputTable } from './in-integers.js';
import { mergeBranches, type BranchGroup } from './merge-branches.js';
import { orderTensors } from './order-tensors.js';
import { regionOf } from './region-of.js';
import { smallKernelsFirst } from './small-kernels-first.js';
import { withRelu } from './with-relu.js';

export interface LoweredGraph {
  readonly program: NativeProgram;
  /** By tensor index of the program. */
  readonly specs: readonly TensorSpec[];
  readonly input: InputAttrs;
  /** Length of the output. */
  readonly classes: number;
}

/**
 * A graph as the addon compiles it: see {@link NativeProgram}. Value 0 is the input, or what a `normalize` makes of it
 * that alone reads it: the addon does that while it reads the batch.
 */
export function lowerGraph(graph: Graph, use: TrainingUse | InferenceUse): LoweredGraph {
  const training = use.kind === 'training';
  const live = liveGraph(graph, training);
  const shapes = shapesOf(live);
  const quantisation = quantisationOf(use);
  const isStored = (name: string) => quantisation?.values[name] !== undefined;
  // A stored value is made, whoever reads it: rounding it is part of the network.
  const isRead = privacyIn(live);
  const isPrivate = (name: string) => isRead(name) && !isStored(name);
  const { input, normalize } = entranceOf(live, isPrivate);
  const { groups, swallowed } = mergeBranches(live, isPrivate);
  const isStep = (node: GraphNode) =>
    node !== input && node !== normalize && !swallowed.has(node.name);
  const ordered = smallKernelsFirst(live.nodes.filter(isStep));
  const planned = ordered.map((node) => ({ node, group: groups.get(node.name) }));
  const tensors = orderTensors(graph, planned.toReversed().flatMap(ownersOf));

  const values: (readonly number[])[] = [];
  const indices = new Map<string, number>();
  const valueOf = (name: string): number => {
    const index = indices.get(name);
    if (index === undefined) throw new InternalError(`'${name}' is read before it is made.`);
    return index;
  };
  const newValue = (name: string): number => {
    const shape = shapes.get(name) as readonly number[];
    indices.set(name, values.length);
    // What has two axes is a vector to every op that takes it.
    return values.push(shape.length === 2 ? [sizeOf(shape)] : shape) - 1;
  };
  newValue(normalize?.name ?? input.name);

  const regions: string[] = [];
  const steps = planned.map(({ node, group }, stream) => {
    const name = group?.name ?? node.name;
    const region = regionOf(name);
    if (!regions.includes(region)) regions.push(region);
    const inputs = (group ? group.addends.map((each) => each.input) : node.inputs).map(valueOf);
    return {
      ...{ name, region: regions.indexOf(region), inputs, output: newValue(node.name) },
      ...lowerStep(node, group, tensors.indexOf, stream),
      ...scalesOf(node, quantisation),
    };
  });
  const output = valueOf(live.output);
  const stored = new Set([...indices].filter(([name]) => isStored(name)).map(([, index]) => index));
  const joined = training ? steps : withRelu(steps, output, stored);
  const integers =
    quantisation && inIntegers({ steps: joined, values, output }, quantisation, indices);
  const { specs, parameterCount, buckets } = tensors;
  const program: NativeProgram = {
    training,
    precision: use.precision,
    batchSize: use.batchSize,
    ...{ values, steps: joined, output },
    ...integers,
    ...(quantisation && inputTable(quantisation, input, normalize)),
    ...(normalize && { normalize: normalize.attrs }),
    tensors: specs.map(({ name, shape }) => ({ name, size: sizeOf(shape) })),
    parameterCount,
    buckets: training ? buckets : [],
    regions,
    seed: 0,
    ...(training && trainingParts(graph, use, specs.slice(0, parameterCount))),
  };
  return { program, specs, input: input.attrs, classes: values[output]?.[0] ?? 0 };
}

/** Of a layer that computes in integers: its weight has scales, and its input is stored. */
function scalesOf({ name, op, inputs }: GraphNode, quantisation: Quantisation | undefined) {
  const scales = quantisation?.weights[`${name}.weight`];
  const isLayer = op === 'conv2d' || op === 'linear';
  return scales && isLayer && quantisation.values[inputs[0] ?? ''] ? { scales } : {};
}

/** What a use in eight bits says of its values and weights. */
function quantisationOf(use: TrainingUse | InferenceUse): Quantisation | undefined {
  return use.kind === 'inference' && use.precision === 'int8' ? use.quantisation : undefined;
}

function trainingParts(
  graph: Graph,
  { updateRule, seed }: TrainingUse,
  parameters: readonly TensorSpec[],
): Pick<NativeProgram, 'loss' | 'rule' | 'seed'> {
  const loss = graph.nodes.find(({ name }) => name === graph.loss);
  if (loss?.op !== 'softmax_cross_entropy') throw new InternalError('The graph has no loss.');
  const { labelSmoothing, targets } = loss.attrs;
  const names = parameters.map(({ name }) => name);
  return {
    loss: { labelSmoothing, soft: targets === 'soft' },
    rule: lowerRule(updateRule, names),
    seed: randomOf(seed, 'drop').int(2 ** 32),
  };
}

/** Whether a value has exactly one reader: the output's asker counts as one. */
function privacyIn(live: Graph): (name: string) => boolean {
  const readers = new Map([[live.output, 1]]);
  for (const { inputs } of live.nodes)
    for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  return (name) => name !== live.output && readers.get(name) === 1;
}

function entranceOf({ nodes, output }: Graph, isPrivate: (name: string) => boolean) {
  const [input] = nodes;
  if (input?.op !== 'input') throw new InternalError(`'${output}' does not depend on the input.`);
  const reader = nodes.find(({ inputs }) => inputs[0] === input.name);
  const normalize = reader?.op === 'normalize' && isPrivate(input.name) ? reader : undefined;
  return { input, normalize };
}

/** Nodes whose parameters a step trains. */
function ownersOf({ node, group }: { node: GraphNode; group: BranchGroup | undefined }): string[] {
  return group ? group.addends.flatMap(({ norm }) => norm?.name ?? []) : [node.name];
}
