import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { sharedBatchNorm, sharedBatchNormGradient } from '../kernels/shared-batch-norm.js';
import type { NodeArgs, OpKernel } from './op-kernel.js';

/** Batch statistics in training, running statistics otherwise. The executor moves the running ones. */
export const batchNorm: OpKernel<'batch_norm'> = {
  forward(args) {
    const x = args.inputs[0] as Tensor4D;
    const { weight, bias, mean, variance } = operands(args);
    const { eps } = args.node.attrs;
    if (!args.training) {
      const statistics = { mean, variance };
      const output = args.kernels.batchNormInference(x, statistics, weight, bias, eps);
      return { output, saved: [] };
    }
    const result = args.group
      ? sharedBatchNorm(args.kernels, args.group, x, weight, bias, eps)
      : args.kernels.batchNorm(x, weight, bias, eps);
    return {
      output: result.y,
      saved: result.saved,
      statistics: { mean: result.mean, variance: result.variance },
    };
  },
  backward(args) {
    const { weight } = operands(args);
    const dy = args.dy as Tensor4D;
    const { dx, dWeight, dBias } = args.group
      ? sharedBatchNormGradient(args.kernels, args.group, dy, weight, args.saved)
      : args.kernels.batchNormGradient(dy, weight, args.saved, args.node.attrs.eps);
    return { inputs: [args.needs[0] ? dx : null], parameters: { weight: dWeight, bias: dBias } };
  },
};

function operands({ tensors }: NodeArgs<'batch_norm'>) {
  return {
    weight: tensors['weight'] as Tensor1D,
    bias: tensors['bias'] as Tensor1D,
    mean: tensors['running_mean'] as Tensor1D,
    variance: tensors['running_var'] as Tensor1D,
  };
}
