import type { Pair } from '@refold/graph';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

/** How a convolution slides: explicit zeros, the same before and after on each axis. */
export interface ConvolutionGeometry {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

export type Shape4D = [number, number, number, number];

export interface BatchNormResult {
  readonly y: Tensor4D;
  /** Of the batch, per channel; the variance unbiased (n / (n − 1)), for the running statistics. */
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
  /** Whatever `batchNormGradient` wants to find again. */
  readonly saved: readonly Tensor[];
}

export interface BatchNormGradient {
  readonly dx: Tensor4D;
  readonly dWeight: Tensor1D;
  readonly dBias: Tensor1D;
}

/**
 * The primitives in which a training step spends its time. `portableKernels` composes all of them from tfjs-core
 * ops, so a backend needs none of its own; it may replace those that it does better (`tfjsDevice({ kernels })`).
 *
 * x, y: images NHWC. filters: `[kh, kw, in, out]`; depthwise `[kh, kw, channels, multiplier]`.
 * Every method returns new tensors and disposes nothing that it was given; it runs inside a `tf.tidy`.
 */
export interface KernelSet {
  convolution(x: Tensor4D, filter: Tensor4D, geometry: ConvolutionGeometry): Tensor4D;
  /** dx for `convolution`, of shape `inputShape` (NHWC). */
  convolutionInputGradient(
    dy: Tensor4D,
    filter: Tensor4D,
    inputShape: Shape4D,
    geometry: ConvolutionGeometry,
  ): Tensor4D;
  /** d filter for `convolution`, of shape `filterShape`. */
  convolutionFilterGradient(
    x: Tensor4D,
    dy: Tensor4D,
    filterShape: Shape4D,
    geometry: ConvolutionGeometry,
  ): Tensor4D;
  /** Output channel c · multiplier + m sees input channel c only. */
  depthwise(x: Tensor4D, filter: Tensor4D, geometry: ConvolutionGeometry): Tensor4D;
  depthwiseInputGradient(
    dy: Tensor4D,
    filter: Tensor4D,
    inputShape: Shape4D,
    geometry: ConvolutionGeometry,
  ): Tensor4D;
  depthwiseFilterGradient(
    x: Tensor4D,
    dy: Tensor4D,
    filterShape: Shape4D,
    geometry: ConvolutionGeometry,
  ): Tensor4D;
  matMul(a: Tensor2D, b: Tensor2D, transposeA: boolean, transposeB: boolean): Tensor2D;
  /** Σ over all axes but the last → `[channels]`. */
  channelSum(x: Tensor): Tensor1D;
  /** Training mode: normalises by the batch's mean and biased variance, then scales and shifts. */
  batchNorm(x: Tensor4D, weight: Tensor1D, bias: Tensor1D, eps: number): BatchNormResult;
  /** @param saved as `batchNorm` gave them */
  batchNormGradient(
    dy: Tensor4D,
    weight: Tensor1D,
    saved: readonly Tensor[],
    eps: number,
  ): BatchNormGradient;
  /** Inference mode: y = (x − mean) / √(variance + eps) · weight + bias. */
  batchNormInference(
    x: Tensor4D,
    statistics: { readonly mean: Tensor1D; readonly variance: Tensor1D },
    weight: Tensor1D,
    bias: Tensor1D,
    eps: number,
  ): Tensor4D;
  /**
   * dx of a max pooling without padding: each dy goes to the first place of its window's largest value.
   *
   * @param x, y what went in and came out
   */
  maxPoolGradient(
    dy: Tensor4D,
    x: Tensor4D,
    y: Tensor4D,
    window: { readonly kernel: Pair; readonly stride: Pair },
  ): Tensor4D;
  /** dy where y > 0, else 0. */
  reluGradient(dy: Tensor, y: Tensor): Tensor;
}
