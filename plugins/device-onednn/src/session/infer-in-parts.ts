import type { ImageBatch, Logits } from '@refold/core';
import type { LoweredGraph } from '../lower/lower-graph.js';
import type { NativeSession } from '../native/native-addon.js';
import { callNative } from './call-native.js';
import { nativeBatch } from './native-batch.js';

/** Logits of a batch of any size: as many images at a time as the program was compiled for. */
export async function inferInParts(
  lowered: LoweredGraph,
  session: NativeSession,
  batch: ImageBatch,
): Promise<Logits> {
  const { images } = batch;
  const { program, classes } = lowered;
  const whole = nativeBatch(lowered, batch, Infinity);
  if (images <= program.batchSize) {
    const data = await callNative(() => session.infer(whole));
    return { images, classes, data };
  }
  const size = whole.data.length / images;
  const data = new Float32Array(images * classes);
  for (let first = 0; first < images; first += program.batchSize) {
    const count = Math.min(program.batchSize, images - first);
    const part = whole.data.subarray(first * size, (first + count) * size);
    const logits = await callNative(() => session.infer({ ...whole, images: count, data: part }));
    data.set(logits, first * classes);
  }
  return { images, classes, data };
}
