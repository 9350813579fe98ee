import type { ImageBatch, LabelledBatch } from '@refold/core';
import { batchMismatch } from './errors.js';
import type { LoweredGraph } from './lower/lower-graph.js';
import type { NativeBatch } from './native/native-addon.js';
import type { NativeProgram } from './native/native-program.js';

/**
 * A batch as the addon takes it: bytes that it normalises, or floats as they are. Its own memory wherever the addon can
 * read that; else a copy.
 *
 * @throws RefoldError `RF-DEVICE-BATCH` where the batch does not fit the network
 */
export function nativeBatch(lowered: LoweredGraph, batch: ImageBatch, most: number): NativeBatch {
  check(lowered, batch, most);
  const { program } = lowered;
  const { images, channels, layout, data } = batch;
  // A vector's values are in NCHW order, whatever image it came as.
  const isVector = program.values[0]?.length === 1;
  const nhwc = layout === 'NHWC' && !isVector;
  const values = isVector && layout === 'NHWC' && channels > 1 ? toNchw(batch) : data;
  const isBytes = data.BYTES_PER_ELEMENT === 1;
  if (program.normalize) {
    return { images, nhwc, data: isBytes ? values : normalised(program.normalize, batch) };
  }
  return { images, nhwc, data: isBytes ? Float32Array.from(values) : values };
}

/** Labels or targets of a batch, whichever the loss takes. @throws RefoldError `RF-DEVICE-BATCH` */
export function nativeTargets(
  program: NativeProgram,
  { images, labels, targets }: LabelledBatch,
): Pick<NativeBatch, 'labels' | 'targets'> {
  const classes = program.values[program.output]?.[0] ?? 0;
  if (program.loss?.soft && targets) {
    if (targets.length !== images * classes) {
      const expected = `${images * classes} soft targets`;
      throw batchMismatch('its targets', expected, String(targets.length));
    }
    return { targets };
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (labels.length !== images || wrong >= 0) {
    throw batchMismatch(
      'its labels',
      `${images} labels from 0 to ${classes - 1}`,
      wrong >= 0 ? `label ${labels[wrong]}` : `${labels.length} labels`,
    );
  }
  return { labels };
}

function check({ program, takesBytes }: LoweredGraph, batch: ImageBatch, most: number): void {
  const { images, channels, height, width, data } = batch;
  if (images < 1 || images > most)
    throw batchMismatch('its size', `1 to ${most} images`, String(images));
  const expected = program.values[0] as readonly number[];
  const shape = [channels, height, width];
  const fits =
    expected.length === 1
      ? channels * height * width === expected[0]
      : shape.every((n, axis) => n === expected[axis]);
  if (!fits) throw batchMismatch('its images', `[${String(expected)}]`, `[${String(shape)}]`);
  const size = images * channels * height * width;
  if (data.length !== size) throw batchMismatch('its data', `${size} values`, String(data.length));
  if (data.BYTES_PER_ELEMENT === 1 && !takesBytes)
    throw batchMismatch('its numbers', 'float32 values, already normalised', 'bytes');
}

/** Floats in the range of bytes, normalised here: the addon normalises bytes only. */
function normalised(
  { mean, std }: NonNullable<NativeProgram['normalize']>,
  { data, channels, height, width, layout }: ImageBatch,
): Float32Array {
  const area = height * width;
  return Float32Array.from(data, (value, i) => {
    const c = layout === 'NHWC' ? i % channels : Math.floor(i / area) % channels;
    return (value / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
  });
}

function toNchw({ data, channels, height, width }: ImageBatch): Float32Array {
  const area = height * width;
  return Float32Array.from(data, (_, i) => {
    const [image, c, pixel] = [
      Math.floor(i / (channels * area)),
      Math.floor(i / area) % channels,
      i % area,
    ];
    return data[(image * area + pixel) * channels + c] as number;
  });
}
