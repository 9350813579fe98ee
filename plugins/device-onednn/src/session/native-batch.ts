import type { ImageBatch } from '@refold/core';
import type { InputAttrs, NormalizeAttrs } from '@refold/graph';
import { batchMismatch } from '../errors.js';
import type { LoweredGraph } from '../lower/lower-graph.js';
import type { NativeBatch } from '../native/native-addon.js';

/**
 * A batch as the addon takes it: the batch's own memory wherever the addon can read it. Copied are bytes of a network
 * that does not normalise them first, floats that are still to be normalised, and vectors in another order.
 *
 * @param most images that there may be
 * @throws RefoldError `RF-DEVICE-BATCH` where the batch does not fit the network
 */
export function nativeBatch(
  { program: { normalize }, input }: LoweredGraph,
  batch: ImageBatch,
  most: number,
): NativeBatch {
  checkBatch(input, batch, most);
  const { images, channels, height, width, layout } = batch;
  const area = height * width;
  const isVector = input.shape.length === 1;
  const nhwc = layout === 'NHWC' && channels > 1 && area > 1;
  const isBytes = batch.data.BYTES_PER_ELEMENT === 1;
  const data =
    isBytes && normalize
      ? batch.data
      : normalize
        ? normalised(batch, normalize, nhwc)
        : Float32Array.from(batch.data);
  if (!isBytes && !normalize) return { images, nhwc, data: batch.data };
  return isVector && nhwc
    ? { images, nhwc: false, data: toPlanes(data, images, channels, area) }
    : { images, nhwc, data };
}
