export * from './safetensors/dtype.js';
export * from './safetensors/safetensor.js';
export * from './safetensors/read-safetensors.js';
export * from './safetensors/write-safetensors.js';
export * from './safetensors/to-named-tensors.js';
export * from './files/atomic-file.js';
