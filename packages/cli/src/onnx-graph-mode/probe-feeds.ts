import type { OnnxModel, OnnxValue } from '@refold/formats';
import { randomOf } from '@refold/graph';
import type { RuntimeTensor } from '../onnx-runtime/runtime-messages.js';

/** Shapes of inputs by name, where the file leaves sizes open. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/** Sides that open heights and widths are tried with, the smallest first: detectors need multiples of their strides. */
export const PROBE_SIDES = [64, 224, 256, 640] as const;

const TYPES: Readonly<Record<number, RuntimeTensor['type']>> = {
  ...{ 1: 'float32', 2: 'uint8', 6: 'int32', 7: 'int64', 9: 'bool', 11: 'float64' },
};

/**
 * Random values for every input of a model: normal floats, any bytes, ones for what counts something.
 *
 * @param side of images whose size is open
 * @returns undefined where an input has a type or rank that cannot be made up
 */
export function probeFeeds(
  { graph }: OnnxModel,
  {
    seed,
    probe,
    side,
    shapes,
  }: {
    readonly seed: number;
    readonly probe: number;
    readonly side: number;
    readonly shapes: InputShapes;
  },
): Record<string, RuntimeTensor> | undefined {
  const feeds: Record<string, RuntimeTensor> = {};
  for (const input of graph.inputs) {
    if (graph.initializers.has(input.name)) continue;
    const type = TYPES[input.dataType];
    const shape = shapes[input.name] ?? shapeOf(input, side);
    if (!type || !shape) return undefined;
    const random = randomOf(seed, 'probe', input.name, String(probe));
    const length = shape.reduce((product, size) => product * size, 1);
    const value = (): number => {
      if (type === 'uint8') return random.int(256);
      return type === 'float32' || type === 'float64' ? random.normal() : 1;
    };
    feeds[input.name] = { type, shape, data: Float64Array.from({ length }, value) };
  }
  return feeds;
}

/** True where the size of an image is open. */
export function hasOpenSize({ graph }: OnnxModel): boolean {
  return graph.inputs.some(({ shape }) => shape?.slice(1).some((size) => typeof size !== 'number'));
}

function shapeOf({ shape }: OnnxValue, side: number): readonly number[] | undefined {
  return shape?.map((size, axis) => {
    if (typeof size === 'number') return size;
    return axis === 0 ? 1 : axis === 1 ? 3 : side;
  });
}
