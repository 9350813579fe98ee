import { openBytes } from '../bytes/open-bytes.js';
import type { ByteSource } from '../bytes/byte-source.js';
import type { TensorSource } from '../tensors/tensor-source.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { dataTypeName } from './data-types.js';
import type { OnnxTensor } from './onnx-model.js';
import { openOnnxFrom } from './read-model.js';

/**
 * The tensors of an ONNX model: its initializers under their names, then what its `Constant` nodes hold, under the names
 * of their outputs. The model's metadata is kept; producer, IR version and operator sets stand beside it as `onnx.*`.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-ONNX-MODEL`, `RF-ONNX-EXTERNAL`
 */
export async function openOnnxWeights(source: ByteSource): Promise<WeightsFile> {
  const model = await openOnnxFrom(source);
  const { graph, opsets } = model;
  const tensors = new Map<string, TensorSource>();
  const notes: string[] = [];
  const add = (name: string, tensor: OnnxTensor): void => {
    if (tensor.dtype) {
      tensors.set(name, { dtype: tensor.dtype, shape: tensor.shape, read: () => tensor.read() });
    } else notes.push(`'${name}' is left out: it holds ${dataTypeName(tensor.dataType)}.`);
  };
  for (const [name, tensor] of graph.initializers) add(name, tensor);
  for (const { opType, domain, outputs, attributes } of graph.nodes) {
    const tensor = attributes.get('value')?.tensor;
    if (domain === '' && opType === 'Constant' && tensor) add(outputs[0] ?? '', tensor);
  }
  return {
    format: 'onnx',
    tensors,
    metadata: {
      ...Object.fromEntries(model.metadata),
      'onnx.producer': model.producer,
      'onnx.irVersion': String(model.irVersion),
      'onnx.opsets': JSON.stringify(Object.fromEntries(opsets)),
    },
    notes,
    close: model.close,
  };
}

/**
 * ONNX has no magic bytes: a model starts with its IR version, a small number in field 1, and goes on with another field of
 * ModelProto.
 */
export function looksLikeOnnx(head: Uint8Array): boolean {
  const second = head[2] ?? 0;
  const next = second >> 3;
  return head[0] === 0x08 && head[1]! > 0 && head[1]! < 0x80 && next >= 2 && next <= 15;
}

/** True for a file that {@link looksLikeOnnx}. @throws RefoldError `RF-FILE-UNREADABLE` */
export async function isOnnxFile(path: string): Promise<boolean> {
  const source = await openBytes(path);
  try {
    return looksLikeOnnx(await source.read(0, Math.min(3, source.size)));
  } finally {
    await source.close();
  }
}
