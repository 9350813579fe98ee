import { type Graph, type NamedTensors, type Quantisation } from '@refold/graph';
import { badOnnx } from '../../errors.js';
import type { FilePreprocessing } from '../../refold-file/refold-file.js';
import type { OnnxModel, OnnxValue } from '../onnx-model.js';
import { openOnnx } from '../read-model.js';
import { plain, type Known } from './known.js';
import { loadConstants } from './load-constants.js';
import { NetworkReader } from './network-reader.js';
import { readOp } from './read-ops.js';
import { readStored } from './read-stored.js';

/** A network read from an ONNX model. */
export interface OnnxNetworkRead {
  readonly graph: Graph;
  readonly weights: NamedTensors;
  /** Empty where the file does not name them. */
  readonly classes: readonly string[];
  readonly preprocessing: FilePreprocessing | null;
  /** Of a model that Refold quantised; its weights are what the stored ones stand for. */
  readonly quantisation: Quantisation | null;
  /** The file is one of Refold's, and the graph the one that was written. */
  readonly exact: boolean;
  /** What was left out or assumed, one sentence each. */
  readonly notes: readonly string[];
}

export interface ReadOnnxOptions {
  /** Height and width of images where the file leaves them open. Default 224. */
  readonly imageSize?: readonly [height: number, width: number];
  /** Name of the value to read up to. Default: the model's first output. */
  readonly output?: string;
}

/**
 * Reads a network of the ops that Refold knows from an ONNX model: of Refold's own what was written; of others (both of
 * PyTorch's exporters, MindSpore's, and what is like them) the graph that its nodes make up, with chains of nodes that
 * stand for one op (SiLU, GELU, hard swish, normalisation, linear layers) read as that op.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-ONNX-MODEL`, `RF-ONNX-EXTERNAL`; `RF-ONNX-UNSUPPORTED` naming the first node that
 * no op of Refold's can say; `RF-GRAPH-SHAPE` where shapes do not fit
 */
export async function readOnnxNetwork(
  path: string,
  options: ReadOnnxOptions = {},
): Promise<OnnxNetworkRead> {
  const model = await openOnnx(path);
  try {
    return await readNetworkOf(model, options);
  } finally {
    await model.close();
  }
}

/** {@link readOnnxNetwork} of a model that is open. */
export async function readNetworkOf(
  model: OnnxModel,
  options: ReadOnnxOptions = {},
): Promise<OnnxNetworkRead> {
  const stored = options.output === undefined ? await readStored(model) : undefined;
  if (stored?.graph) return { ...stored, exact: true, notes: [] };
  const { path, graph } = model;
  const constants = await loadConstants(model);
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  const [image] = inputs;
  if (!image || inputs.length > 1) {
    const names = inputs.map(({ name }) => name).join(', ') || 'none';
    throw badOnnx(path, 'Refold reads networks with one input.', 'one input', names);
  }
  const reader = new NetworkReader(path, ...inputOf(path, image, options));
  const known = new Map<string, Known>(constants);
  known.set(image.name, plain(reader.builder.input));
  const output = options.output ?? graph.outputs[0]?.name ?? '';
  const needed = neededFor(model, output);
  for (const [index, node] of graph.nodes.entries()) {
    if (!needed.has(index) || constants.has(node.outputs[0] ?? '')) continue;
    const given = node.inputs.map((name) => (name === '' ? undefined : known.get(name)));
    known.set(node.outputs[0] ?? '', readOp({ node, inputs: given, reader }));
  }
  const answer = known.get(output);
  if (answer?.kind !== 'affine') {
    throw badOnnx(path, `The output '${output}' is no value of the network.`, 'one', 'none');
  }
  const lastNode = graph.nodes.findLast(({ outputs }) => outputs.includes(output));
  const settled = lastNode ? reader.settle(lastNode, answer) : answer.base;
  const others = graph.outputs.map(({ name }) => name).filter((name) => name !== output);
  if (others.length > 0) reader.notes.add(`Outputs left out: ${others.join(', ')}.`);
  if (image.shape?.slice(1).some((size) => typeof size !== 'number')) {
    reader.notes.add(`The file leaves sizes open: taken as [${reader.input.shape.join(', ')}].`);
  }
  return {
    ...reader.finish(settled),
    classes: stored?.classes ?? [],
    preprocessing: stored?.preprocessing ?? null,
    ...{ quantisation: null, exact: false, notes: [...reader.notes] },
  };
}

function inputOf(
  path: string,
  { name, dataType, shape }: OnnxValue,
  { imageSize: [height, width] = [224, 224] }: ReadOnnxOptions,
): ConstructorParameters<typeof NetworkReader> extends [string, ...infer Rest] ? Rest : never {
  const rank = shape?.length;
  const channels = shape?.[1];
  const types: Readonly<Record<number, 'uint8' | 'float32'>> = {
    ...{ 1: 'float32', 2: 'uint8', 10: 'float32', 11: 'float32', 16: 'float32' },
  };
  const dtype = types[dataType];
  if (!shape || (rank !== 4 && rank !== 2) || typeof channels !== 'number' || !dtype) {
    const received = `type ${dataType} ${JSON.stringify(shape)}`;
    const expected = 'images [N, C, H, W] or vectors [N, F] of floats or bytes';
    throw badOnnx(
      path,
      `The input '${name}' is not what Refold's networks take.`,
      expected,
      received,
    );
  }
  const size = (axis: number, otherwise: number): number => {
    const given = shape[axis];
    return typeof given === 'number' ? given : otherwise;
  };
  const sample = rank === 2 ? [channels] : [channels, size(2, height), size(3, width)];
  return [{ shape: sample, dtype }, typeof shape[0] === 'number' ? shape[0] : null];
}

/** Indices of the nodes that a value needs. */
function neededFor({ graph }: OnnxModel, output: string): ReadonlySet<number> {
  const wanted = new Set([output]);
  const needed = new Set<number>();
  for (const [i, node] of [...graph.nodes.entries()].reverse()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    needed.add(i);
    for (const input of [...node.inputs, ...node.captured]) wanted.add(input);
  }
  return needed;
}
