import {
  add,
  concat,
  split,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry, KernelSet } from '../kernels/kernel-set.js';
import type { BackwardArgs, NodeArgs, OpKernel } from './op-kernel.js';

type Gradients = readonly [dx: Tensor4D | null, dFilter: Tensor4D];

/** Dense, depthwise (one input channel per group) or grouped: a dense convolution per group, then concatenated. */
export const conv2d: OpKernel<'conv2d'> = {
  forward(args) {
    const x = args.inputs[0] as Tensor4D;
    const { filter, bias, geometry } = operands(args);
    const { kernels } = args;
    let y: Tensor4D;
    if (isDepthwise(args)) {
      y = kernels.depthwise(x, filter, geometry);
    } else if (args.node.attrs.groups > 1) {
      const filters = split<Tensor4D>(filter, args.node.attrs.groups, 3);
      const parts = split<Tensor4D>(x, args.node.attrs.groups, 3).map((part, g) =>
        kernels.convolution(part, filters[g]!, geometry),
      );
      y = concat(parts, 3);
    } else {
      y = kernels.convolution(x, filter, geometry);
    }
    return { output: bias ? add(y, bias) : y, saved: [x] };
  },
  backward(args) {
    const [dx, dFilter] = gradients(args);
    const parameters = { weight: dFilter as Tensor };
    const withBias = args.node.attrs.bias
      ? { ...parameters, bias: args.kernels.channelSum(args.dy) }
      : parameters;
    return { inputs: [dx], parameters: withBias };
  },
};

function gradients(args: BackwardArgs<'conv2d'>): Gradients {
  const { kernels, needs, node } = args;
  const { groups } = node.attrs;
  const { filter, geometry } = operands(args);
  const x = args.saved[0] as Tensor4D;
  const dy = args.dy as Tensor4D;
  if (isDepthwise(args)) {
    return [
      needs[0] ? kernels.depthwiseInputGradient(dy, filter, x.shape, geometry) : null,
      kernels.depthwiseFilterGradient(x, dy, filter.shape, geometry),
    ];
  }
  if (groups === 1) return denseGradients(kernels, x, dy, filter, geometry, needs[0] === true);
  const [xs, dys, filters] = [x, dy, filter].map((whole) => split(whole, groups, 3)) as [
    Tensor4D[],
    Tensor4D[],
    Tensor4D[],
  ];
  const parts = xs.map((part, g) =>
    denseGradients(kernels, part, dys[g]!, filters[g]!, geometry, needs[0] === true),
  );
  const dxs = parts.map(([dx]) => dx).filter((dx) => dx !== null);
  return [
    dxs.length > 0 ? concat(dxs, 3) : null,
    concat(
      parts.map(([, dFilter]) => dFilter),
      3,
    ),
  ];
}

function denseGradients(
  kernels: KernelSet,
  x: Tensor4D,
  dy: Tensor4D,
  filter: Tensor4D,
  geometry: ConvolutionGeometry,
  needsInput: boolean,
): Gradients {
  return [
    needsInput ? kernels.convolutionInputGradient(dy, filter, x.shape, geometry) : null,
    kernels.convolutionFilterGradient(x, dy, filter.shape, geometry),
  ];
}

function operands({ node, tensors }: NodeArgs<'conv2d'>) {
  const { stride, padding, dilation } = node.attrs;
  const geometry: ConvolutionGeometry = { stride, padding, dilation };
  return {
    filter: tensors['weight'] as Tensor4D,
    bias: tensors['bias'] as Tensor1D | undefined,
    geometry,
  };
}

function isDepthwise({ node, inputShapes: [shape] }: NodeArgs<'conv2d'>): boolean {
  return node.attrs.groups > 1 && node.attrs.groups === shape?.[0];
}
