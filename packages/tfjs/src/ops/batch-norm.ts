import { reshape, type Tensor, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { sharedBatchNorm, sharedBatchNormGradient } from '../kernels/shared-batch-norm.js';
import type { NodeArgs, OpKernel } from './op-kernel.js';

/**
 * Batch statistics in training, running statistics otherwise. The executor moves the running ones.
 * Vectors go through as images of one pixel.
 */
export const batchNorm: OpKernel<'batch_norm'> = {
  forward(args) {
    const [input] = args.inputs;
    const x = asImage(input!);
    const { weight, bias, mean, variance } = operands(args);
    const { eps } = args.node.attrs;
    if (!args.training) {
      const statistics = { mean, variance };
      const output = args.kernels.batchNormInference(x, statistics, weight, bias, eps);
      return { output: reshape(output, input!.shape), saved: [] };
    }
    const result = args.group
      ? sharedBatchNorm(args.group, x, weight, bias, eps)
      : args.kernels.batchNorm(x, weight, bias, eps);
    return {
      output: reshape(result.y, input!.shape),
      saved: result.saved,
      statistics: { mean: result.mean, variance: result.variance },
    };
  },
  backward(args) {
    const { weight } = operands(args);
    const dy = asImage(args.dy);
    const { dx, dWeight, dBias } = args.group
      ? sharedBatchNormGradient(args.group, dy, weight, args.saved)
      : args.kernels.batchNormGradient(dy, weight, args.saved, args.node.attrs.eps);
    const ofInput = args.needs[0] ? reshape(dx, args.dy.shape) : null;
    return { inputs: [ofInput], parameters: { weight: dWeight, bias: dBias } };
  },
};

function asImage(x: Tensor): Tensor4D {
  const [images = 0, channels = 0] = x.shape;
  return x.rank === 4 ? (x as Tensor4D) : reshape(x, [images, 1, 1, channels]);
}

function operands({ tensors }: NodeArgs<'batch_norm'>) {
  return {
    weight: tensors['weight'] as Tensor1D,
    bias: tensors['bias'] as Tensor1D,
    mean: tensors['running_mean'] as Tensor1D,
    variance: tensors['running_var'] as Tensor1D,
  };
}
