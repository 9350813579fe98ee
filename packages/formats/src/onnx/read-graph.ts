import { badOnnx, malformed, overLimit } from '../errors.js';
import { fieldsOf, textAt, type Place } from '../protobuf/place.js';
import type { ExternalFiles } from './external-files.js';
import {
  ONNX,
  type GraphField,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './onnx-model.js';
import { readNode } from './read-node.js';
import { readTensor } from './read-tensor.js';
import { readValue } from './read-value.js';

/** Graphs inside graphs (`If`, `Loop`): no exporter comes near this. */
const MAX_DEPTH = 32;

/** Fields of a model or of a graph; real ones have thousands. */
export const MAX_FIELDS = 500_000;

/** What reading one model shares. */
export interface ReadContext {
  readonly files: ExternalFiles;
  readonly depth: number;
}

/**
 * Reads a GraphProto.
 *
 * @param outer values that the graph may use without a source inside it; undefined where any name may come from outside
 * @throws RefoldError `RF-FILE-MALFORMED`; `RF-ONNX-MODEL` where a node uses a value before it is there, or a value has
 * two sources
 */
export async function readGraph(place: Place, context: ReadContext): Promise<OnnxGraph> {
  const { path } = place.source;
  if (context.depth > MAX_DEPTH) {
    const expected = `at most ${MAX_DEPTH} graphs inside each other`;
    throw malformed(path, place.begin, ONNX, 'Graphs are nested too deep.', expected, 'more');
  }
  let name = '';
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const values = new Map<string, OnnxValue>();
  const fields: GraphField[] = [];
  for await (const field of fieldsOf(place, ONNX)) {
    let key: string | number | null = null;
    if (field.wire === 'bytes') {
      switch (field.number) {
        case 1:
          key = nodes.length;
          nodes.push(await readNode(field.place, context));
          break;
        case 2:
          name = await textAt(field.place, ONNX);
          break;
        case 5: {
          const tensor = await readTensor(field.place, context.files);
          if (initializers.has(tensor.name)) throw twice(path, tensor.name);
          initializers.set(tensor.name, tensor);
          key = tensor.name;
          break;
        }
        case 11:
        case 12:
        case 13: {
          const value = await readValue(field.place);
          key = value.name;
          if (field.number === 11) inputs.push(value);
          else if (field.number === 12) outputs.push(value);
          else values.set(value.name, value);
          break;
        }
        default:
      }
    }
    fields.push({ field, key });
    if (fields.length > MAX_FIELDS) {
      throw overLimit(path, 'A graph has too many fields.', `${MAX_FIELDS} fields`, 'more');
    }
  }
  return { name, nodes, initializers, inputs, outputs, values, fields };
}

/**
 * Checks that values have one source each and are used after it.
 *
 * @throws RefoldError `RF-ONNX-MODEL`
 */
export function checkOrder(path: string, graph: OnnxGraph): void {
  const known = new Set<string>(graph.initializers.keys());
  const seen = new Set<string>();
  for (const { name } of graph.inputs) {
    if (seen.has(name)) throw twice(path, name);
    seen.add(name);
    known.add(name);
  }
  for (const node of graph.nodes) {
    for (const input of [...node.inputs, ...node.captured]) {
      if (input !== '' && !known.has(input)) throw early(path, node, input);
    }
    for (const output of node.outputs) {
      if (output === '') continue;
      if (known.has(output)) throw twice(path, output);
      known.add(output);
    }
  }
  for (const { name } of graph.outputs) {
    if (!known.has(name)) {
      throw badOnnx(path, `Nothing computes the output '${name}'.`, 'a node that does', 'none');
    }
  }
}

/** Names that a graph uses but has no source for: they come from the graph around it. */
export function capturedBy(graph: OnnxGraph): readonly string[] {
  const own = new Set([
    ...graph.initializers.keys(),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [
    ...graph.nodes.flatMap(({ inputs, captured }) => [...inputs, ...captured]),
    ...graph.outputs.map(({ name }) => name),
  ];
  return [...new Set(used)].filter((name) => name !== '' && !own.has(name));
}

function twice(path: string, name: string): Error {
  return badOnnx(path, `The value '${name}' has two sources.`, 'one', 'two');
}

function early(path: string, node: OnnxNode, input: string): Error {
  const label = node.name === '' ? node.opType : `${node.name} (${node.opType})`;
  const message = `The node '${label}' uses '${input}', which does not come before it.`;
  return badOnnx(path, message, 'nodes in the order of their computation, without cycles', 'none');
}
