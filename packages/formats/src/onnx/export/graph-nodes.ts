import {
  inputShapes,
  shapesOf,
  tensorsOf,
  type Graph,
  type GraphNode,
  type NamedTensors,
  type OpName,
  type Quantisation,
} from '@refold/graph';
import { sourcesOf } from '../../tensors/tensor-source.js';
import { fromNamedTensors } from '../../tensors/to-named-tensors.js';
import { Emitter } from './emitter.js';
import { emitOp, isSilent, type OpCall, type SilentOp } from './op-nodes.js';
import { emitBias, emitQuantised, emitWeight } from './quantised-values.js';

/** A Refold graph as nodes and initializers of ONNX. */
export interface EmittedGraph {
  readonly emitter: Emitter;
  /** Name of the value that is the network's answer. */
  readonly output: string;
}

/**
 * Writes the nodes of a graph. Values have the names of their nodes, tensors those of the state dict; where both are one
 * name, the value gets a number. With a quantisation, what it names goes through `QuantizeLinear` and `DequantizeLinear`
 * where runtimes look for them: around values, behind weights. The value of a node that a quantised ReLU alone reads is left
 * in float: the ReLU's own quantisation is that of both once a runtime has merged them.
 */
export function emitGraph(
  graph: Graph,
  weights: NamedTensors,
  given: Quantisation = { values: {}, weights: {} },
): EmittedGraph {
  const quantisation = unsigned(given);
  const shapes = shapesOf(graph);
  const tensorNames = new Set(tensorsOf(graph).map(({ name }) => name));
  const nodeNames = graph.nodes.map(({ name }) => name);
  const emitter = new Emitter([...tensorNames, ...nodeNames]);
  const nameOf = (name: string) => (tensorNames.has(name) ? emitter.unique(name) : name);
  const sources = sourcesOf(fromNamedTensors(weights));
  const values = new Map<string, string>();
  const origins = new Map<string, string>();
  const silenced = mergedIntoRelu(graph, quantisation);

  const scaleOf = (value: string) => quantisation.values[origins.get(value) ?? value]?.scale;
  const tensorOf = (node: GraphNode, suffix: string): string => {
    const name = `${node.name}.${suffix}`;
    const tensor = weights.get(name)!;
    const scales = quantisation.weights[`${node.name}.weight`];
    const inputScale = scaleOf(node.inputs[0]!);
    if (scales && suffix === 'weight') emitWeight(emitter, name, tensor, scales);
    else if (scales && suffix === 'bias' && inputScale !== undefined) {
      const products = scales.map((scale) => scale * inputScale);
      emitBias(emitter, name, tensor, products);
    } else {
      const source = sources.get(name)!;
      // A factor per channel stands against [N, C, H, W].
      const shape = node.op === 'scale' ? [...source.shape, 1, 1] : source.shape;
      emitter.initializer(name, { ...source, shape });
    }
    return name;
  };

  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => values.get(name)!);
    if (isSilent(node) && node.op !== 'input' && node.name !== graph.output) {
      values.set(node.name, inputs[0] ?? '');
      origins.set(node.name, origins.get(node.inputs[0]!) ?? node.inputs[0]!);
      continue;
    }
    const quantised = silenced.has(node.name) ? undefined : quantisation.values[node.name];
    const isBytes = node.op === 'input' && node.attrs.dtype === 'uint8';
    const value = nameOf(node.name);
    if (!quantised || isBytes) {
      emitNode(node, inputs, value);
      values.set(node.name, value);
      continue;
    }
    if (node.op === 'input') {
      const back = emitter.unique(`${value}_dequantized`);
      emitQuantised(emitter, quantised, value, back);
      values.set(node.name, back);
    } else {
      const plain = emitter.unique(`${value}_float`);
      emitNode(node, inputs, plain);
      emitQuantised(emitter, quantised, plain, value);
      values.set(node.name, value);
    }
  }
  let output = values.get(graph.output)!;
  if (graph.output === 'input') {
    // A value cannot be input and output at once.
    const inputs = [output];
    output = emitter.unique('output');
    emitter.node({ opType: 'Identity', name: output, inputs, output });
  }
  return { emitter, output };

  function emitNode(node: GraphNode, inputs: readonly string[], output: string): void {
    if (node.op === 'input') return;
    if (isSilent(node)) {
      emitter.node({ opType: 'Identity', name: node.name, inputs: [inputs[0]!], output });
      return;
    }
    const shape = inputShapes(node, shapes)[0] ?? [];
    const tensor = (suffix: string) => tensorOf(node, suffix);
    const call = { node, inputs, output, shape, tensor, emitter };
    // TypeScript does not see that the node's op and the call's are one.
    emitOp(call as unknown as OpCall<Exclude<OpName, SilentOp>>);
  }
}

/**
 * The same quantisation in uint8, where int8 stored and uint8 stored differ by 128. ONNX Runtime on x86 runs int8 values as
 * such only where one node reads them (1.30); in uint8 it merges everything. A network that is symmetric all through stays in
 * int8: TensorRT takes nothing else.
 */
function unsigned({ values, weights }: Quantisation): Quantisation {
  const all = Object.entries(values);
  if (all.every(([, { dtype, zeroPoint }]) => dtype === 'int8' && zeroPoint === 0)) {
    return { values, weights };
  }
  const shifted = all.map(([name, value]) => {
    const zeroPoint = value.zeroPoint + (value.dtype === 'int8' ? 128 : 0);
    return [name, { dtype: 'uint8', scale: value.scale, zeroPoint }] as const;
  });
  return { values: Object.fromEntries(shifted), weights };
}

function mergedIntoRelu(graph: Graph, { values }: Quantisation): ReadonlySet<string> {
  const merged = new Set<string>();
  for (const { name } of graph.nodes) {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
    const [reader] = readers;
    if (name === graph.output || readers.length !== 1 || !reader) continue;
    if ((reader.op === 'relu' || reader.op === 'relu6') && values[reader.name]) merged.add(name);
  }
  return merged;
}
