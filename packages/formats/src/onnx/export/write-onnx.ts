import {
  graphToJson,
  shapesOf,
  withoutLoss,
  type Graph,
  type NamedTensors,
  type Quantisation,
} from '@refold/graph';
import { wire, type Piece } from '../../protobuf/write-fields.js';
import { checkWeights } from '../../refold-file/check-weights.js';
import type { FilePreprocessing } from '../../refold-file/refold-file.js';
import { ONNX_TYPES } from '../data-types.js';
import { entryPieces, valuePieces } from '../message-pieces.js';
import { nodesDigest } from '../nodes-digest.js';
import { writeOnnxFile, type OnnxFileOptions, type OutgoingField } from '../write-onnx-file.js';
import { emitGraph } from './graph-nodes.js';
import { withoutNormalisation } from './without-normalisation.js';

/** Operator set that networks are written in: the first that ONNX Runtime 1.12, TensorRT 8.5 and OpenVINO 2022 all know. */
export const ONNX_OPSET = 17;
/** Version of the file format that belongs to the operator set (onnx, "Versioning"). */
const IR_VERSION = 8;

/** A network to write as ONNX, in train form or fused. */
export interface OnnxNetwork {
  /** A loss is left out. */
  readonly graph: Graph;
  /** Every tensor of the graph. */
  readonly weights: NamedTensors;
  /** Class names by index; empty where unknown. */
  readonly classes: readonly string[];
  readonly preprocessing: FilePreprocessing | null;
  /** Given: the network in eight bits, with `QuantizeLinear` and `DequantizeLinear` (QDQ). */
  readonly quantisation?: Quantisation | null;
  /**
   * `uint8` (default): RGB bytes `[N, 3, H, W]` go in where the graph takes bytes, and are normalised inside.
   * `float32`: what was normalised goes in.
   */
  readonly input?: 'uint8' | 'float32';
}

/**
 * Writes a network as an ONNX model of opset 17: one input `[N, …sample]`, one output `[N, …]`, N open. Values have the names
 * of the graph's nodes and tensors those of the state dict. The graph, class names and preprocessing are in the metadata
 * (`refold.*`), so that `readOnnxNetwork` gives back exactly what was written. The same content gives the same bytes.
 *
 * @returns the size of all files in bytes
 * @throws RefoldError `RF-FILE-WEIGHTS`, `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeOnnx(
  path: string,
  network: OnnxNetwork,
  options: OnnxFileOptions = {},
): Promise<number> {
  const { weights, classes, preprocessing, quantisation = null, input = 'uint8' } = network;
  const trained = withoutLoss(network.graph);
  const { graph, normalisation } =
    input === 'float32' ? withoutNormalisation(trained) : { graph: trained, normalisation: null };
  checkWeights(path, graph, weights);
  const emitted = emitGraph(graph, weights, quantisation ?? undefined);
  const { nodes, initializers } = emitted.emitter;

  const shapes = shapesOf(graph);
  const [first] = graph.nodes;
  const bytes = first?.op === 'input' && first.attrs.dtype === 'uint8';
  const value = (name: string, type: number, node: string): Piece[] =>
    valuePieces(name, type, ['N', ...shapes.get(node)!]);
  const fields: OutgoingField[] = [
    ...nodes.map((pieces) => ({ number: 1, pieces })),
    { number: 2, pieces: [new TextEncoder().encode('refold')] },
    ...initializers.map((tensor) => ({ tensor })),
    { number: 11, pieces: value('input', bytes ? ONNX_TYPES.U8 : ONNX_TYPES.F32, 'input') },
    { number: 12, pieces: value(emitted.output, ONNX_TYPES.F32, graph.output) },
  ];
  const metadata: Readonly<Record<string, string | null>> = {
    'refold.format': '1',
    'refold.graph': graphToJson(graph),
    'refold.classes': JSON.stringify(classes),
    'refold.preprocessing': JSON.stringify(preprocessing),
    'refold.normalisation': normalisation && JSON.stringify(normalisation),
    'refold.quantisation': quantisation && JSON.stringify(quantisation),
    'refold.nodes': nodesDigest(nodes.map((pieces) => pieces as readonly Uint8Array[])),
  };
  const entries = Object.entries(metadata).flatMap(([key, text]) =>
    text === null ? [] : wire.message(14, entryPieces(key, text)),
  );
  const before = [...wire.varint(1, IR_VERSION), ...wire.text(2, 'refold')];
  const opset = [...wire.text(1, ''), ...wire.varint(2, ONNX_OPSET)];
  const after = [...wire.message(8, opset), ...entries];
  return writeOnnxFile(path, { before, graph: fields, after }, options);
}
