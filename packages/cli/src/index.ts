export { guardProcess } from './guard-process.js';
export { main } from './main.js';
export { checkOnnx, type Answer } from './onnx-check/check-onnx.js';
export { fuseOnnx, type FuseOnnxDocument, type FuseOnnxJob } from './onnx-graph-mode/fuse-onnx.js';
