import type { ImageBatch } from '@refold/core';
import type { NormalizeAttrs } from '@refold/graph';
import { batchMismatch } from '../errors.js';
import type { Program } from './compile-program.js';

/**
 * A batch as float32 NHWC values, as the program's first step takes them; a new array. Bytes are normalised by
 * a table of 256 values per channel, so each is rounded once.
 *
 * @throws RefoldError `RF-DEVICE-BATCH` where the batch does not fit the program
 */
export function batchValues(
  program: Program,
  batch: ImageBatch,
  largest: number,
): { readonly values: Float32Array; readonly shape: readonly number[] } {
  const { images, channels, height, width, layout, data } = batch;
  check(program, batch, largest);
  const { inputNormalization: normalization } = program;
  const bytes = data.BYTES_PER_ELEMENT === 1;
  const table = bytes && normalization ? byteTable(normalization) : null;
  const area = height * width;
  const values = new Float32Array(data.length);
  const [pixelStride, channelStride] = layout === 'NHWC' ? [channels, 1] : [1, area];
  let place = 0;
  for (let image = 0; image < images; image++) {
    for (let pixel = 0; pixel < area; pixel++) {
      let from = image * channels * area + pixel * pixelStride;
      for (let c = 0; c < channels; c++, from += channelStride) {
        const value = data[from] as number;
        if (table) values[place++] = table[c * 256 + value] as number;
        else values[place++] = normalization ? normalise(value, c, normalization) : value;
      }
    }
  }
  const isVector = program.input.shape.length === 1;
  return {
    values,
    shape: isVector ? [images, channels * area] : [images, height, width, channels],
  };
}

function byteTable(normalization: NormalizeAttrs): Float32Array {
  const { length } = normalization.mean;
  return Float32Array.from({ length: 256 * length }, (_, i) =>
    normalise(i % 256, i >> 8, normalization),
  );
}

function normalise(value: number, c: number, { mean, std }: NormalizeAttrs): number {
  return (value / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
}

function check({ input }: Program, batch: ImageBatch, largest: number): void {
  const { images, channels, height, width, data } = batch;
  if (images < 1 || images > largest) {
    throw batchMismatch('its size', `1 to ${largest} images`, String(images));
  }
  const shape = [channels, height, width];
  const fits =
    input.shape.length === 1
      ? channels * height * width === input.shape[0]
      : shape.every((n, axis) => n === input.shape[axis]);
  if (!fits) {
    throw batchMismatch('its images', `[${String(input.shape)}]`, `[${String(shape)}]`);
  }
  if (data.length !== images * channels * height * width) {
    const expected = `${images * channels * height * width} values`;
    throw batchMismatch('its data', expected, `${data.length}`);
  }
  if (input.dtype === 'float32' && data.BYTES_PER_ELEMENT === 1) {
    throw batchMismatch('its numbers', 'float32 values, already normalised', 'bytes');
  }
}
