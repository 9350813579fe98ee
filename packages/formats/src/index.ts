export * from './safetensors/dtype.js';
export * from './safetensors/safetensor.js';
export * from './safetensors/read-safetensors.js';
export * from './safetensors/write-safetensors.js';
export * from './safetensors/to-named-tensors.js';
export * from './files/atomic-file.js';
export * from './refold-file/refold-file.js';
export * from './refold-file/check-weights.js';
export * from './refold-file/write-model-file.js';
export * from './refold-file/read-model-file.js';
export { writeFolderAtomically, type FolderFile } from './files/atomic-folder.js';
export {
  writeTfjsModel,
  type TfjsMetadata,
  type TfjsModel,
} from './tfjs-model/write-tfjs-model.js';
