import type { SampleShape } from '../tensor.js';

/** Whether two shapes agree on every axis. */
export function equalShapes(a: SampleShape, b: SampleShape): boolean {
  return a.length === b.length && a.every((n, axis) => n === b[axis]);
}
