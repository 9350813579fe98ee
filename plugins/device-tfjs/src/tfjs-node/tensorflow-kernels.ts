import {
  channelSum,
  depthwiseFilterByTaps,
  depthwiseInputByConvolution,
  filterGradientByConvolution,
  inputGradientByConvolution,
  portableKernels,
  type ConvolutionGeometry,
  type KernelSet,
  type Shape4D,
} from '@refold/tfjs';
import { tensor1d, type Tensor, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import type { OpAttributes, TensorflowBackend } from '../tensorflow/index.js';
import { padded, paddingPlan, unpadded, type PaddingPlan } from './convolution-padding.js';

type Execute = TensorflowBackend['execute'];

/**
 * TensorFlow's own ops where tfjs-core has none or a slower form: convolutions with padding as oneDNN takes it,
 * batch normalisation as one op each way, the gradient of ReLU.
 */
export function tensorflowKernels(execute: Execute): Partial<KernelSet> {
  const one = (op: string, attributes: OpAttributes, inputs: readonly Tensor[]): Tensor4D =>
    execute(op, attributes, inputs, 1)[0] as Tensor4D;
  return {
    ...denseKernels(one),
    ...depthwiseKernels(one),
    ...batchNormKernels(execute),
    reluGradient: (dy, y) => one('ReluGrad', float32, [dy, y]),
  };
}

type ExecuteOne = (op: string, attributes: OpAttributes, inputs: readonly Tensor[]) => Tensor4D;

function denseKernels(one: ExecuteOne): Partial<KernelSet> {
  return {
    convolution(x, filter, geometry) {
      const plan = planOf(x.shape, filter.shape, geometry);
      return one('Conv2D', attributesOf(geometry, plan), [padded(x, plan), filter]);
    },
    convolutionInputGradient(dy, filter, inputShape, geometry) {
      if (isDilated(geometry)) return inputGradientByConvolution(dy, filter, inputShape, geometry);
      const plan = planOf(inputShape, filter.shape, geometry);
      const sizes = tensor1d(paddedShape(inputShape, plan), 'int32');
      const attributes = attributesOf(geometry, plan);
      return unpadded(one('Conv2DBackpropInput', attributes, [sizes, filter, dy]), plan);
    },
    convolutionFilterGradient(x, dy, filterShape, geometry) {
      if (isDilated(geometry)) return filterGradientByConvolution(x, dy, filterShape, geometry);
      const plan = planOf(x.shape, filterShape, geometry);
      const sizes = tensor1d(filterShape, 'int32');
      const attributes = attributesOf(geometry, plan);
      return one('Conv2DBackpropFilter', attributes, [padded(x, plan), sizes, dy]);
    },
  };
}

function depthwiseKernels(one: ExecuteOne): Partial<KernelSet> {
  const op = 'DepthwiseConv2dNative';
  return {
    depthwise(x, filter, geometry) {
      const plan = planOf(x.shape, filter.shape, geometry);
      return one(op, attributesOf(geometry, plan), [padded(x, plan), filter]);
    },
    depthwiseInputGradient(dy, filter, inputShape, geometry) {
      if (isDilated(geometry)) return depthwiseInputByConvolution(dy, filter, inputShape, geometry);
      const plan = planOf(inputShape, filter.shape, geometry);
      const sizes = tensor1d(paddedShape(inputShape, plan), 'int32');
      const attributes = attributesOf(geometry, plan);
      return unpadded(one(`${op}BackpropInput`, attributes, [sizes, filter, dy]), plan);
    },
    depthwiseFilterGradient(x, dy, filterShape, geometry) {
      if (isDilated(geometry)) {
        return depthwiseFilterByTaps(x, dy, filterShape, geometry, channelSum);
      }
      const plan = planOf(x.shape, filterShape, geometry);
      const sizes = tensor1d(filterShape, 'int32');
      const attributes = attributesOf(geometry, plan);
      return one(`${op}BackpropFilter`, attributes, [padded(x, plan), sizes, dy]);
    },
  };
}

/**
 * Images up to this many values take the portable composition: TensorFlow adds in long float32 chains, which shows
 * in gradients near zero, and at this size exactness costs next to nothing.
 */
const SMALL_SIZE = 2 ** 17;

function batchNormKernels(execute: Execute): Partial<KernelSet> {
  const portable = portableKernels();
  const attributes = (eps: number, training: boolean): OpAttributes => ({
    ...float32,
    U: { type: 'float32' },
    epsilon: { float: eps },
    data_format: { string: 'NHWC' },
    is_training: { bool: training },
  });
  return {
    batchNorm(x, weight, bias, eps) {
      if (x.size <= SMALL_SIZE) return portable.batchNorm(x, weight, bias, eps);
      const none = tensor1d([], 'float32');
      const [y, mean, variance, ...reserved] = execute(
        'FusedBatchNormV3',
        attributes(eps, true),
        [x, weight, bias, none, none],
        6,
      );
      return {
        y: y as Tensor4D,
        mean: mean as Tensor1D,
        variance: variance as Tensor1D,
        saved: [x, ...reserved],
      };
    },
    batchNormGradient(dy, weight, saved, eps) {
      if (dy.size <= SMALL_SIZE) return portable.batchNormGradient(dy, weight, saved, eps);
      const [x, ...reserved] = saved;
      const [dx, dWeight, dBias] = execute(
        'FusedBatchNormGradV3',
        attributes(eps, true),
        [dy, x as Tensor, weight, ...reserved],
        5,
      );
      return { dx: dx as Tensor4D, dWeight: dWeight as Tensor1D, dBias: dBias as Tensor1D };
    },
    batchNormInference(x, { mean, variance }, weight, bias, eps) {
      const inputs = [x, weight, bias, mean, variance];
      return execute('FusedBatchNormV3', attributes(eps, false), inputs, 6)[0] as Tensor4D;
    },
  };
}

const float32: OpAttributes = { T: { type: 'float32' } };

function attributesOf(
  { stride, dilation }: ConvolutionGeometry,
  { padding }: PaddingPlan,
): OpAttributes {
  return {
    ...float32,
    strides: { ints: [1, ...stride, 1] },
    dilations: { ints: [1, ...dilation, 1] },
    padding: { string: padding },
    data_format: { string: 'NHWC' },
  };
}

function planOf(
  [, height, width]: readonly number[],
  [kh, kw]: readonly number[],
  geometry: ConvolutionGeometry,
): PaddingPlan {
  return paddingPlan([height ?? 1, width ?? 1], [kh ?? 1, kw ?? 1], geometry);
}

function paddedShape([n, height, width, channels]: Shape4D, plan: PaddingPlan): Shape4D {
  const { rows, columns } = plan;
  return [n, height + rows[0] + rows[1], width + columns[0] + columns[1], channels];
}

/** TensorFlow's CPU gradients know no dilation. */
function isDilated({ dilation }: ConvolutionGeometry): boolean {
  return dilation[0] * dilation[1] > 1;
}
