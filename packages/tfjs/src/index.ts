export * from './tfjs-device.js';
export * from './kernels/kernel-set.js';
export { portableKernels } from './kernels/portable-kernels.js';
export { nativeKernel, hasKernel, explicitPadding } from './kernels/native-kernel.js';
export { insertZeros, padOrCrop } from './kernels/zero-insertion.js';
export { filterGradientByConvolution, inputGradientByConvolution } from './kernels/convolution.js';
export { channelSum, factorNearSquareRoot } from './kernels/channel-sum.js';
export { depthwiseFilterByTaps, depthwiseInputByConvolution } from './kernels/depthwise.js';
export {
  checkTfjsModel,
  type ProbeTensor,
  type TfjsDifference,
  type TfjsProbe,
} from './graph-model/check-tfjs-model.js';
