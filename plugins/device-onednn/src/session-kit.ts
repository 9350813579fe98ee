import { isRefoldError, type HostTensor, type NamedTensors, type TensorSpec } from '@refold/graph';
import { fromNative, tensorUnknown } from './errors.js';

/** Runs a call of the addon; what it throws becomes an error of ours. */
export async function native<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isRefoldError(error) ? error : fromNative(error);
  }
}

/** Weights by tensor index. @throws RefoldError `RF-DEVICE-TENSOR` */
export function orderWeights(specs: readonly TensorSpec[], weights: NamedTensors): Float32Array[] {
  return specs.map((spec) => {
    const tensor = weights.get(spec.name);
    if (!tensor) throw tensorUnknown(spec.name, `values of shape [${String(spec.shape)}]`, 'none');
    checkTensor(spec, tensor);
    return tensor.data;
  });
}

/** @throws RefoldError `RF-DEVICE-TENSOR` */
export function checkTensor(
  { name, shape: expected }: TensorSpec,
  { shape, data }: HostTensor,
): void {
  const fits =
    shape.length === expected.length &&
    shape.every((n, axis) => n === expected[axis]) &&
    data.length === shape.reduce((product, n) => product * n, 1);
  if (fits) return;
  const received = `shape [${String(shape)}] with ${data.length} values`;
  throw tensorUnknown(name, `shape [${String(expected)}]`, received);
}
