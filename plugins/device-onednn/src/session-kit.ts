import type { ImageBatch, LabelledBatch } from '@refold/core';
import { isRefoldError, type HostTensor, type NamedTensors, type TensorSpec } from '@refold/graph';
import { batchMismatch, fromNative, tensorUnknown } from './errors.js';
import type { NativeBatch } from './native/native-addon.js';
import type { NativeProgram } from './native/native-program.js';

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
    if (!tensor)
      throw tensorUnknown(spec.name, `values of shape [${String(spec.shape)}]`, 'none');
    checkTensor(spec, tensor);
    return tensor.data;
  });
}

/** @throws RefoldError `RF-DEVICE-TENSOR` */
export function checkTensor({ name, shape: expected }: TensorSpec, { shape, data }: HostTensor): void {
  const fits =
    shape.length === expected.length &&
    shape.every((n, axis) => n === expected[axis]) &&
    data.length === shape.reduce((product, n) => product * n, 1);
  if (fits) return;
  const received = `shape [${String(shape)}] with ${data.length} values`;
  throw tensorUnknown(name, `shape [${String(expected)}]`, received);
}

/**
 * A batch as the addon takes it: its own memory, or for floats that still have to be normalised a copy.
 *
 * @throws RefoldError `RF-DEVICE-BATCH`
 */
export function nativeBatch(program: NativeProgram, batch: ImageBatch, most: number): NativeBatch {
  const { images, channels, height, width, layout, data } = batch;
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
  const isBytes = data.BYTES_PER_ELEMENT === 1;
  if (isBytes && !program.normalize)
    throw batchMismatch('its numbers', 'float32 values, already normalised', 'bytes');
  const nhwc = layout === 'NHWC';
  return { images, nhwc, data: isBytes ? data : normalised(program, batch, nhwc) };
}

function normalised({ normalize }: NativeProgram, batch: ImageBatch, nhwc: boolean): Float32Array {
  const { data, channels, height, width } = batch;
  if (!normalize) return data as Float32Array;
  const area = height * width;
  return Float32Array.from(data, (value, i) => {
    const c = nhwc ? i % channels : Math.floor(i / area) % channels;
    return (value / 255 - (normalize.mean[c] ?? 0)) / (normalize.std[c] ?? 1);
  });
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
