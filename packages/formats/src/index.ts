export * from './tensors/dtype.js';
export * from './tensors/stored-tensor.js';
export * from './tensors/tensor-source.js';
export * from './tensors/to-named-tensors.js';
export * from './bytes/byte-source.js';
export * from './bytes/bytes-in-memory.js';
export * from './bytes/open-bytes.js';
export * from './weights/weights-file.js';
export * from './weights/open-weights.js';
export { weightsReaders, type WeightsReader } from './weights/weights-readers.js';
export { weightsWriters, type WriteWeights } from './weights/weights-writers.js';
export * from './safetensors/read-safetensors.js';
export * from './safetensors/write-safetensors.js';
export { ZipArchive } from './zip/zip-archive.js';
export * from './files/atomic-file.js';
export * from './refold-file/refold-file.js';
export * from './refold-file/check-weights.js';
export * from './refold-file/write-model-file.js';
export * from './refold-file/read-model-file.js';
export * from './onnx/onnx-model.js';
export { openOnnx, openOnnxFrom } from './onnx/read-model.js';
export { ONNX_OPSET, writeOnnx, type OnnxNetwork } from './onnx/export/write-onnx.js';
export { type OnnxFileOptions } from './onnx/write-onnx-file.js';
export {
  readOnnxNetwork,
  type OnnxNetworkRead,
  type ReadOnnxOptions,
} from './onnx/import/read-onnx-network.js';
export { writeFolderAtomically, type FolderFile, type FolderKind } from './files/atomic-folder.js';
export {
  writeTfjsModel,
  type TfjsMetadata,
  type TfjsModel,
} from './tfjs-model/write-tfjs-model.js';
export { copyModel, type OnnxChanges } from './onnx/copy-model.js';
export { writeOnnxFile, type OutgoingModel } from './onnx/write-onnx-file.js';
export { externalName } from './onnx/write-onnx-file.js';
export { findOnnxRegions, type OnnxRegion } from './onnx/regions/find-onnx-regions.js';
export { replaceByConvolutions, type Replacement } from './onnx/regions/replace-by-convolutions.js';
export { constantTensors } from './onnx/regions/linear-nodes.js';
export { isOnnxFile } from './onnx/open-onnx-weights.js';
