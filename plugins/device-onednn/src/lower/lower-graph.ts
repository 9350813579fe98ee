import type { InferenceUse, TrainingUse } from '@refold/core';
import { InternalError, shapesOf, sizeOf, type Graph, type GraphNode, type TensorSpec } from '@refold/graph';
import type { NativeProgram, NativeStep } from '../native/native-program.js';
import { lowerRule } from './lower-rule.js';
import { lowerStep } from './lower-step.js';
import { mergeBranches } from './merge-branches.js';
import { orderTensors } from './order-tensors.js';
import { regionOf } from './region-of.js';

export interface LoweredGraph {
  readonly program: NativeProgram;
  /** By tensor index of the program. */
  readonly specs: readonly TensorSpec[];
}

/** A graph as the addon compiles it: see {@link NativeProgram}. */
export function lowerGraph(graph: Graph, use: TrainingUse | InferenceUse): LoweredGraph {
  const training = use.kind === 'training';
  const loss = graph.nodes.find(({ name }) => name === graph.loss);
  const logits = (training ? loss?.inputs[0] : undefined) ?? graph.output;
  const nodes = ancestors(graph, training ? [logits, graph.output] : [logits]);
  const body: Graph = { ...graph, nodes };
  const shapes = shapesOf(graph);

  const readers = new Map<string, number>();
  for (const { inputs } of nodes)
    for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const isPrivate = (name: string) =>
    readers.get(name) === 1 && name !== logits && name !== graph.output;

  const input = nodes[0];
  if (input?.op !== 'input') throw new InternalError(`'${logits}' does not depend on the input.`);
  const normalize = nodes.find(({ op, inputs }) => op === 'normalize' && inputs[0] === input.name);
  const isFirst = normalize?.op === 'normalize' && isPrivate(input.name);

  const { groups, swallowed } = mergeBranches(body, isPrivate);
  const values: (readonly number[])[] = [];
  const valueOf = new Map<string, number>();
  const newValue = (name: string) => {
    values.push(shapes.get(name) as readonly number[]);
    valueOf.set(name, values.length - 1);
    return values.length - 1;
  };
  newValue(isFirst ? normalize.name : input.name);

  const planned: { readonly node: GraphNode; readonly name: string }[] = [];
  const aliases = new Map<string, string>();
  for (const node of nodes) {
    if (node === input || (isFirst && node === normalize) || swallowed.has(node.name)) continue;
    const isDrop = node.op === 'dropout' || node.op === 'drop_path';
    if (isDrop && (!training || node.attrs.rate === 0)) {
      aliases.set(node.name, node.inputs[0] as string);
      continue;
    }
    planned.push({ node, name: groups.get(node.name)?.name ?? node.name });
  }

  const finished = planned.toReversed().flatMap(({ node }) => {
    const group = groups.get(node.name);
    const owners = group ? group.addends.flatMap(({ norm }) => (norm ? [norm.name] : [])) : [node.name];
    return owners.flatMap((owner) => parametersOfNode(graph, owner));
  });
  const tensors = orderTensors(graph, finished);
  const resolve = (name: string): string => {
    const alias = aliases.get(name);
    return alias === undefined ? name : resolve(alias);
  };
  const valueIndex = (name: string): number => {
    const index = valueOf.get(resolve(name));
    if (index === undefined) throw new InternalError(`'${name}' is read before it is made.`);
    return index;
  };

  const regions: string[] = [];
  const steps: NativeStep[] = planned.map(({ node, name }, stream) => {
    const region = regionOf(name);
    if (!regions.includes(region)) regions.push(region);
    const base = { name, region: regions.indexOf(region) };
    const group = groups.get(node.name);
    const inputs = (group ? group.addends.map((each) => each.input) : node.inputs).map(valueIndex);
    return {
      ...base,
      inputs,
      output: newValue(node.name),
      ...lowerStep(node, group, tensors.indexOf, stream),
    } as NativeStep;
  });

  const { specs, parameterCount, buckets } = tensors;
  const parameters = specs.slice(0, parameterCount).map(({ name }) => name);
  const program: NativeProgram = {
    training,
    precision: use.precision,
    batchSize: use.batchSize,
    values,
    steps: training ? steps : withRelu(steps, valueIndex(logits)),
    output: valueIndex(logits),
    ...(isFirst ? { normalize: normalize.attrs } : {}),
    ...(training && loss?.op === 'softmax_cross_entropy'
      ? {
          loss: {
            labelSmoothing: loss.attrs.labelSmoothing,
            soft: loss.attrs.targets === 'soft',
          },
        }
      : {}),
    tensors: specs.map(({ name, shape }) => ({ name, size: sizeOf(shape) })),
    parameterCount,
    buckets,
    regions,
    ...(training ? { rule: lowerRule(use.updateRule, parameters) } : {}),
    seed: training ? use.seed >>> 0 : 0,
  };
  return { program, specs };
}

/** In inference a convolution takes the relu that alone reads it. */
function withRelu(steps: readonly NativeStep[], output: number): readonly NativeStep[] {
  const readersOf = (value: number) =>
    steps.flatMap(({ inputs }) => inputs).filter((input) => input === value).length;
  const taken = new Map<number, NativeStep>();
  for (const step of steps) {
    const [input, ...others] = step.inputs;
    const isLoneRelu =
      step.op === 'branches' && step.activation === 'relu' && others.length === 0 && !step.norms[0];
    if (!isLoneRelu || input === undefined || input === output || readersOf(input) > 1) continue;
    if (steps.some(({ op, output: made }) => op === 'conv2d' && made === input))
      taken.set(input, step);
  }
  const gone = new Set(taken.values());
  return steps
    .filter((step) => !gone.has(step))
    .map((step) => {
      const relu = taken.get(step.output);
      return relu && step.op === 'conv2d'
        ? { ...step, output: relu.output, activation: 'relu' }
        : step;
    });
}

function parametersOfNode(graph: Graph, node: string): readonly string[] {
  const own = new Map(parameterNames(graph));
  return own.get(node) ?? [];
}

const namesOf = new WeakMap<Graph, ReadonlyMap<string, readonly string[]>>();

/** Names of the parameters of each node: weight before bias. */
function parameterNames(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const known = namesOf.get(graph);
  if (known) return known;
  const made = new Map<string, readonly string[]>();
  for (const { op, name, ...node } of graph.nodes) {
    const hasBias = op === 'batch_norm' || ('bias' in node.attrs && node.attrs.bias === true);
    const hasWeight = ['conv2d', 'linear', 'scale', 'batch_norm'].includes(op);
    if (hasWeight) made.set(name, [`${name}.weight`, ...(hasBias ? [`${name}.bias`] : [])]);
  }
  namesOf.set(graph, made);
  return made;
}

function ancestors(graph: Graph, targets: readonly string[]): readonly GraphNode[] {
  const needed = new Set(targets);
  for (const node of graph.nodes.toReversed()) {
    if (needed.has(node.name)) for (const input of node.inputs) needed.add(input);
  }
  return graph.nodes.filter(({ name }) => needed.has(name));
}
