import type { Graph, NamedTensors } from '@refold/graph';
import { writeFolderAtomically, type FolderKind } from '../files/atomic-folder.js';
import { checkWeights } from '../refold-file/check-weights.js';
import type { FilePreprocessing } from '../refold-file/refold-file.js';
import { shapeOf } from './graph-def.js';
import { toTopology, type Topology } from './to-topology.js';
import { weightShards } from './weight-shards.js';

/** A network to write; what a Refold file holds of it. */
export interface TfjsModel {
  /** Either form; a loss is left out. */
  readonly graph: Graph;
  /** Every tensor of the graph; others are ignored. Read only. */
  readonly weights: NamedTensors;
  /** Class names by index; empty where unknown. */
  readonly classes: readonly string[];
  readonly preprocessing: FilePreprocessing | null;
  /** `repvgg_a0`. */
  readonly model?: string;
}

/** What a page finds under `userDefinedMetadata.refold` (`GraphModel.metadata` once loaded). */
export interface TfjsMetadata {
  readonly format: '1';
  readonly model: string | null;
  readonly classes: readonly string[];
  readonly preprocessing: FilePreprocessing | null;
  readonly input: {
    readonly layout: 'NHWC';
    /** `bytes`: float32 numbers from 0 to 255, which the network normalises; `normalised`: as it was trained on. */
    readonly values: 'bytes' | 'normalised';
  };
  /** The output is logits; softmax is the reader's. */
  readonly output: 'logits';
}

const MODEL_FILE = 'model.json';
const KIND: FolderKind = {
  mark: MODEL_FILE,
  owns: (name) => name === MODEL_FILE || /^group1-shard\d+of\d+\.bin$/.test(name),
};

/**
 * Writes a folder that `loadGraphModel` of TensorFlow.js reads: `model.json` (a TensorFlow `GraphDef`) and weights in
 * shards of at most 4 MiB. One input `input`, float32 `[N, H, W, C]`, one output `logits`. The folder appears as a whole
 * or not at all; an older model there is replaced.
 *
 * @param dir is created; its parent must exist
 * @returns bytes of all files
 * @throws RefoldError `RF-FILE-WEIGHTS`, `RF-FILE-FOLDER`, `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeTfjsModel(dir: string, model: TfjsModel): Promise<number> {
  checkWeights(dir, model.graph, model.weights);
  const topology = toTopology(model.graph, model.weights);
  const shards = weightShards(topology.weights);
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const document = modelDocument(model, topology, paths);
  return writeFolderAtomically(dir, KIND, [
    ...shards.map((parts, i) => ({ name: paths[i]!, parts })),
    { name: MODEL_FILE, parts: [Buffer.from(JSON.stringify(document))] },
  ]);
}

function modelDocument(model: TfjsModel, topology: Topology, paths: readonly string[]): object {
  const { nodes, weights, input, output, inputShape, outputShape } = topology;
  return {
    format: 'graph-model',
    generatedBy: 'Refold',
    convertedBy: 'Refold',
    signature: {
      inputs: { input: tensorInfo(input, inputShape) },
      outputs: { logits: tensorInfo(output, outputShape) },
    },
    userDefinedMetadata: { refold: metadataOf(model) },
    modelTopology: { node: nodes, library: {}, versions: { producer: 1, minConsumer: 0 } },
    weightsManifest: [
      {
        paths,
        weights: weights.map(({ name, shape, data }) => ({
          name,
          shape,
          dtype: data instanceof Int32Array ? 'int32' : 'float32',
        })),
      },
    ],
  };
}

function tensorInfo(node: string, shape: readonly number[]): object {
  return { name: `${node}:0`, dtype: 'DT_FLOAT', tensorShape: shapeOf(shape) };
}

function metadataOf({ graph, model, classes, preprocessing }: TfjsModel): TfjsMetadata {
  const [first] = graph.nodes;
  const values = first?.op === 'input' && first.attrs.dtype === 'uint8' ? 'bytes' : 'normalised';
  return {
    format: '1',
    model: model ?? null,
    classes,
    preprocessing,
    input: { layout: 'NHWC', values },
    output: 'logits',
  };
}
