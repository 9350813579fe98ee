import {
  InternalError,
  shapesOf,
  type Graph,
  type GraphNode,
  type InputAttrs,
  type NormalizeAttrs,
  type SampleShape,
  type TensorSpec,
} from '@refold/graph';
import { tensorsByNode } from '../weights/tensors-by-node.js';

/** One node in the order of execution. */
export interface ProgramStep {
  readonly node: GraphNode;
  /** Index of the step that makes each input; −1 is the batch. */
  readonly inputs: readonly number[];
  readonly inputShapes: readonly SampleShape[];
  /** Full names of the node's own tensors by suffix. */
  readonly tensorNames: Readonly<Record<string, string>>;
  /** Those of them that are trained: all that training reads. */
  readonly parameterNames: Readonly<Record<string, string>>;
  /** How many inputs of later steps read this value (the program's output counts as one more). */
  readonly readers: number;
  /** Whether the gradient of each input leads to a parameter. */
  readonly needs: readonly boolean[];
  /** Whether the step or anything before it has a parameter. */
  readonly trained: boolean;
}

/** A graph cut down to what one value needs, ready to be run both ways. */
export interface Program {
  readonly input: InputAttrs;
  /** Set where a `normalize` follows the input directly: the host does it while it converts the batch. */
  readonly inputNormalization: NormalizeAttrs | null;
  readonly steps: readonly ProgramStep[];
  /** How many steps read the batch. */
  readonly inputReaders: number;
  readonly outputSize: number;
}

/** @param target name of the node whose value is wanted (the logits) */
export function compileProgram(graph: Graph, target: string): Program {
  const shapes = shapesOf(graph);
  const owned = tensorsByNode(graph);
  const needed = ancestors(graph, target);
  const nodes = graph.nodes.filter(({ name }) => needed.has(name));
  const [input] = nodes;
  if (input?.op !== 'input') throw new InternalError(`'${target}' does not depend on the input.`);

  const readersOf = (name: string) =>
    nodes.flatMap((node) => node.inputs).filter((read) => read === name).length;
  const normalize = nodes.find(({ op, inputs }) => op === 'normalize' && inputs[0] === input.name);
  const fromHost = normalize?.op === 'normalize' && readersOf(input.name) === 1;
  const batch = fromHost ? normalize : input;

  const places = new Map<string, number>([[batch.name, -1]]);
  const trained = new Map<string, boolean>();
  const steps: ProgramStep[] = [];
  for (const node of nodes) {
    if (node === input || node === batch) continue;
    const inputShapes = node.inputs.map((name) => shapes.get(name) ?? []);
    const tensors = owned.get(node.name) ?? [];
    const needs = node.inputs.map((name) => trained.get(name) ?? false);
    const isTrained = needs.includes(true) || tensors.some(({ kind }) => kind === 'parameter');
    trained.set(node.name, isTrained);
    places.set(node.name, steps.length);
    steps.push({
      node,
      inputs: node.inputs.map((name) => places.get(name) ?? -1),
      inputShapes,
      tensorNames: namesBySuffix(node, tensors),
      parameterNames: namesBySuffix(
        node,
        tensors.filter(({ kind }) => kind === 'parameter'),
      ),
      readers: readersOf(node.name) + (node.name === target ? 1 : 0),
      needs,
      trained: isTrained,
    });
  }
  return {
    input: input.attrs,
    inputNormalization: fromHost ? normalize.attrs : null,
    steps,
    inputReaders: readersOf(batch.name),
    outputSize: shapes.get(target)?.[0] ?? 0,
  };
}

function namesBySuffix(node: GraphNode, tensors: readonly TensorSpec[]): Record<string, string> {
  return Object.fromEntries(tensors.map(({ name }) => [name.slice(node.name.length + 1), name]));
}

function ancestors(graph: Graph, target: string): ReadonlySet<string> {
  const needed = new Set([target]);
  for (const node of graph.nodes.toReversed()) {
    if (needed.has(node.name)) for (const input of node.inputs) needed.add(input);
  }
  return needed;
}
