import {
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** Whether the active backend has a kernel of this tfjs name. */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/**
 * Runs a kernel of the active backend by its tfjs name. Used where tfjs-core's op is private (gradients) or
 * refuses combinations that kernels can do (stride and dilation together).
 */
export function nativeKernel<T extends Tensor>(
  name: string,
  inputs: Record<string, Tensor>,
  attrs: NamedAttrMap,
): T {
  return engine().runKernel<T>(name, inputs, attrs);
}

/** tfjs's explicit padding for NHWC. */
export function explicitPadding(
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): [number, number][] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}
