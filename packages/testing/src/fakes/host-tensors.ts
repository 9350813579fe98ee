import type { HostTensor, NamedTensors, TensorSpec } from '@refold/graph';
import { RefoldError } from '@refold/graph';

/** Copies, so that neither side sees what the other does to its arrays. */
export function copyTensors(tensors: NamedTensors): Map<string, HostTensor> {
  return new Map(
    [...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  );
}

/** Filled with one value. */
export function filledTensor(shape: readonly number[], length: number, value: number): HostTensor {
  return { shape, data: new Float32Array(length).fill(value) };
}

/** @throws RefoldError `RF-DEVICE-TENSOR` for a tensor that `known` has not, or has with another shape */
export function requireKnown(tensors: NamedTensors, known: NamedTensors): void {
  for (const [name, { shape, data }] of tensors) {
    const target = known.get(name);
    if (!target || String(target.shape) !== String(shape) || target.data.length !== data.length)
      throw tensorError(name, target?.shape, shape);
  }
}

/** @throws RefoldError `RF-DEVICE-TENSOR` when one of the graph's tensors is missing or has another shape */
export function requireComplete(weights: NamedTensors, specs: readonly TensorSpec[]): void {
  for (const { name, shape } of specs) {
    const given = weights.get(name);
    if (!given || String(given.shape) !== String(shape))
      throw tensorError(name, shape, given?.shape);
  }
}

function tensorError(
  name: string,
  expected: readonly number[] | undefined,
  received: readonly number[] | undefined,
): RefoldError {
  return new RefoldError('RF-DEVICE-TENSOR', {
    message: `The tensor '${name}' does not fit this network.`,
    expected: expected ? `the shape [${String(expected)}]` : 'a name of this network',
    received: received ? `the shape [${String(received)}]` : 'nothing',
  });
}
