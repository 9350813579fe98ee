import type { ImageBatch } from '@refold/core';
import type { InputAttrs, NormalizeAttrs } from '@refold/graph';
import { batchMismatch } from '../errors.js';
import type { LoweredGraph } from '../lower/lower-graph.js';
import type { NativeBatch } from '../native/native-addon.js';

/**
 * A batch as the addon takes it: the batch's own memory wherever the addon can read it. Copied are floats that are still
 * to be normalised, bytes that are not to be, and vectors whose values come in another order.
 *
 * @param most images that there may be
 * @throws RefoldError `RF-DEVICE-BATCH` where the batch does not fit the network
 */
export function nativeBatch(
  { program, input }: LoweredGraph,
  batch: ImageBatch,
  most: number,
): NativeBatch {
  checkBatch(input, batch, most);
  const { images, channels, height, width, layout } = batch;
  const { normalize } = program;
  const nhwc = layout === 'NHWC' && channels > 1 && height * width > 1;
  const isBytes = batch.data.BYTES_PER_ELEMENT === 1;
  let { data } = batch;
  if (normalize && !isBytes) data = normalised(batch, normalize, nhwc);
  if (isBytes && !normalize) data = Float32Array.from(data);
  if (!nhwc || input.shape.length > 1) return { images, nhwc, data };
  return { images, nhwc: false, data: planesFirst(data, channels, height * width) };
}

function normalised(
  { data, channels, height, width }: ImageBatch,
  { mean, std }: NormalizeAttrs,
  nhwc: boolean,
): Float32Array {
  const area = height * width;
  return Float32Array.from(data, (value, i) => {
    const c = nhwc ? i % channels : Math.floor(i / area) % channels;
    return (value / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
  });
}

/** NHWC → NCHW. */
function planesFirst(
  data: Uint8Array | Float32Array,
  channels: number,
  area: number,
): Float32Array {
  return Float32Array.from(data, (_value, i) => {
    const pixel = i % area;
    const plane = Math.floor(i / area);
    const image = Math.floor(plane / channels);
    return data[(image * area + pixel) * channels + (plane % channels)] as number;
  });
}

function checkBatch({ shape, dtype }: InputAttrs, batch: ImageBatch, most: number): void {
  const { images, channels, height, width, data } = batch;
  if (images < 1 || images > most)
    throw batchMismatch('its size', `1 to ${most} images`, String(images));
  const given = [channels, height, width];
  const fits =
    shape.length === 1
      ? channels * height * width === shape[0]
      : given.every((n, axis) => n === shape[axis]);
  if (!fits) throw batchMismatch('its images', `[${String(shape)}]`, `[${String(given)}]`);
  const size = images * channels * height * width;
  if (data.length !== size) throw batchMismatch('its data', `${size} values`, String(data.length));
  if (dtype === 'float32' && data.BYTES_PER_ELEMENT === 1)
    throw batchMismatch('its numbers', 'float32 values, already normalised', 'bytes');
}
