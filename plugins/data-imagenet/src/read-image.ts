import { readFile } from 'node:fs/promises';
import type { ImageBatch, Preprocessing } from '@refold/core';
import { prepareEvaluation, toGrey, type Pixels } from '@refold/images';
import { decodeRgb, loadSharp } from './decode-image.js';
import { imageUnreadable } from './errors.js';

/**
 * One image file as an evaluation sample: uint8 `[1, crop, crop, channels]`, owned by the caller.
 * @param file absolute path
 * @throws RefoldError RF-DATA-IMAGE-UNREADABLE
 */
export async function readImage(file: string, preprocessing: Preprocessing): Promise<ImageBatch> {
  const { crop, channels } = preprocessing;
  const picture = await decode(file);
  const data = new Uint8Array(crop * crop * channels);
  prepareEvaluation(channels === 1 ? toGrey(picture) : picture, preprocessing, data);
  return { images: 1, channels, height: crop, width: crop, layout: 'NHWC', data };
}

async function decode(file: string): Promise<Pixels> {
  const sharp = await loadSharp();
  try {
    const bytes = await readFile(file);
    if (bytes.length === 0) throw new Error('the file is empty');
    return await decodeRgb(sharp, bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw imageUnreadable(file, text.split('\n')[0]!);
  }
}
