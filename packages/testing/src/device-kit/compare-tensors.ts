import type { NamedTensors } from '@refold/graph';
import { expectClose, expectEqual, expectSameNumbers, norm } from '../framework/expectations.js';

/** Below this share of the largest tensor's norm a difference is rounding: gradients that are zero by construction. */
const noise = 1e-3;

/** Each tensor near its reference in the 2-norm. */
export function expectTensorsClose(
  received: ReadonlyMap<string, ArrayLike<number>>,
  expected: ReadonlyMap<string, ArrayLike<number>>,
  tolerance: number,
  what: string,
): void {
  expectEqual([...received.keys()].sort(), [...expected.keys()].sort(), `${what}: names`);
  const floor = noise * Math.max(...[...expected.values()].map(norm));
  for (const [name, values] of expected)
    expectClose(received.get(name)!, values, tolerance, `${what} of ${name}`, floor);
}

/** Equal bit by bit, names and shapes too. */
export function expectTensorsSame(
  received: NamedTensors,
  expected: NamedTensors,
  what: string,
): void {
  expectEqual([...received.keys()].sort(), [...expected.keys()].sort(), `${what}: names`);
  for (const [name, { shape, data }] of expected) {
    expectEqual(received.get(name)!.shape, shape, `${what}: shape of ${name}`);
    expectSameNumbers(received.get(name)!.data, data, `${what}: ${name}`);
  }
}

/** Values without shapes. */
export function valuesOf(tensors: NamedTensors): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, { data }]) => [name, data]));
}
