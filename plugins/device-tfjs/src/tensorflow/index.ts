export * from './create-tensorflow-backend.js';
export * from './find-libtensorflow.js';
export * from './install-tensorflow.js';
export * from './op-attributes.js';
export * from './probe-libtensorflow.js';
export { TensorflowBinding } from './tensorflow-binding.js';
export {
  refoldCacheFolder,
  TENSORFLOW_VERSION,
  tensorflowCacheFolder,
} from './tensorflow-cache.js';
export type { TensorflowType } from './tensorflow-data-types.js';
