import type { Conv2dAttrs, HostTensor } from '@refold/graph';
import { sourcesOf } from '../../tensors/tensor-source.js';
import { fromNamedTensors } from '../../tensors/to-named-tensors.js';
import type { OnnxChanges } from '../copy-model.js';
import { convAttributes } from '../export/op-nodes.js';
import { nodePieces, tensorParts, valuePieces, type TensorParts } from '../message-pieces.js';
import type { OnnxModel } from '../onnx-model.js';
import { valueUses } from './candidate-regions.js';
import { constantTensors } from './linear-nodes.js';

/** A convolution that takes the place of all nodes between two values. */
export interface Replacement {
  /** Of the new node; its tensors are `<name>.weight` and `<name>.bias`. Where a name is taken, it gets a number. */
  readonly name: string;
  /** Names of the value that goes in: more than one where `Identity` gives it others. */
  readonly inputs: readonly string[];
  /** Names of the value that comes out; the last that all others lead to is taken. */
  readonly outputs: readonly string[];
  readonly attrs: Conv2dAttrs;
  readonly weight: HostTensor;
  readonly bias: HostTensor;
}

/** What {@link replaceByConvolutions} does to a model. */
export interface Replaced {
  readonly changes: OnnxChanges;
  /** Names of the new nodes, in the order of the replacements. */
  readonly names: readonly string[];
}

/**
 * Changes to a model that put convolutions in the place of regions. Constants that nothing uses any more go too, as does what
 * the file said of values that are gone, and Refold's own description of a network that is no longer this one.
 *
 * @returns a text instead where nodes between the two values are used by others
 */
export function replaceByConvolutions(
  model: OnnxModel,
  replacements: readonly Replacement[],
): Replaced | string {
  const { graph, irVersion } = model;
  const uses = valueUses(model);
  const constants = constantTensors(model);
  const taken = new Set<string>([
    ...[...graph.inputs, ...graph.outputs].map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ name, outputs, captured }) => [name, ...outputs, ...captured]),
  ]);
  const unique = (name: string): string => {
    let free = name;
    for (let i = 2; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };

  const removed = new Set<number>();
  const kept = new Set<string>();
  const nodesAt = new Map<number, ReturnType<typeof nodePieces>[]>();
  const initializers: TensorParts[] = [];
  const inputs: ReturnType<typeof valuePieces>[] = [];
  const names: string[] = [];
  for (const { name, inputs: from, outputs, attrs, weight, bias } of replacements) {
    const output = outputs.findLast((one) => escaping(between(from, one), one) === undefined);
    if (output === undefined) {
      return `the value '${escaping(between(from, outputs[0]!), outputs[0]!)}' is also used elsewhere`;
    }
    for (const index of between(from, output)) removed.add(index);
    kept.add(output);
    const label = unique(name);
    names.push(label);
    const tensors = new Map([
      [unique(`${label}.weight`), weight],
      [unique(`${label}.bias`), bias],
    ]);
    for (const [key, source] of sourcesOf(fromNamedTensors(tensors))) {
      initializers.push(tensorParts(key, source));
      if (irVersion < 4) inputs.push(valuePieces(key, 1, source.shape));
    }
    const node = nodePieces({
      ...{ opType: 'Conv', name: label, inputs: [from[0]!, ...tensors.keys()], outputs: [output] },
      attributes: convAttributes(attrs),
    });
    nodesAt.set(uses.makers.get(output)!, [node]);
  }
  const withoutNodes = new Set(removed);
  const freed = new Set<string>();
  const unused = (name: string): boolean =>
    !uses.outputs.has(name) &&
    (uses.readers.get(name) ?? []).every((reader) => withoutNodes.has(reader));
  // What makes a constant that nothing uses any more goes as well, and may free another.
  for (const index of withoutNodes) {
    for (const name of graph.nodes[index]!.inputs) {
      if (!constants.has(name) || !unused(name)) continue;
      freed.add(name);
      const maker = uses.makers.get(name);
      if (maker !== undefined) withoutNodes.add(maker);
    }
  }
  const changes: OnnxChanges = {
    ...{ withoutNodes, nodesAt, initializers, inputs },
    withoutInitializers: freed,
    withoutValues: new Set(
      [...removed].flatMap((index) => graph.nodes[index]!.outputs.filter((one) => !kept.has(one))),
    ),
    withoutMetadata: new Set(['refold.graph', 'refold.nodes', 'refold.quantisation']),
  };
  return { changes, names };

  /** A value made inside that somebody outside uses. */
  function escaping(inside: ReadonlySet<number>, output: string): string | undefined {
    return [...inside]
      .flatMap((index) => graph.nodes[index]!.outputs)
      .find((value) => {
        if (value === output) return false;
        const outsider = uses.readers.get(value)?.some((reader) => !inside.has(reader));
        return uses.outputs.has(value) || outsider;
      });
  }

  /** Nodes on the ways back from one value to another. */
  function between(from: readonly string[], output: string): ReadonlySet<number> {
    const found = new Set<number>();
    const values = [output];
    for (const value of values) {
      const maker = from.includes(value) ? undefined : uses.makers.get(value);
      if (maker === undefined || found.has(maker)) continue;
      found.add(maker);
      values.push(...graph.nodes[maker]!.inputs.filter((name) => !constants.has(name)));
    }
    return found;
  }
}
