import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import path from 'node:path';
import type { Host } from '@refold/core';
import { loadSharp } from './decode-image.js';
import { makePixelCache, type PixelCacheMemory } from './pixel-cache.js';
import type { Augmentation, Evaluation } from './prepare-sample.js';
import type { ImageList } from './scan-folder.js';

/** Images whose headers are read to estimate what a split takes. */
const PROBES = 64;

/**
 * Memory for the decoded images of a split, made on first use: evaluation needs one finished sample each, training
 * whole pictures, whose size is estimated. At most half of the free memory is taken; what does not fit is decoded again
 * each time, and a warning says so.
 */
export function memoryCache(
  list: ImageList,
  recipe: Augmentation | Evaluation,
  emit: Host['emit'],
): () => Promise<PixelCacheMemory> {
  let made: Promise<PixelCacheMemory> | undefined;
  return () => (made ??= make());

  async function make(): Promise<PixelCacheMemory> {
    const samples = list.files.length;
    const needed =
      recipe.kind === 'train' ? await estimate(list) : samples * recipe.crop * recipe.crop * 3;
    const most = Math.floor(freemem() / 2);
    if (needed > most) {
      const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
      emit({
        type: 'warned',
        code: 'RF-DATA-CACHE-PARTIAL',
        message:
          `The decoded images of '${list.folder}' take about ${mib(needed)} MiB; ` +
          `${mib(most)} MiB of them are kept in memory, the others are decoded each epoch.`,
      });
    }
    return makePixelCache(samples, Math.min(needed, most));
  }
}

/** Bytes of all pictures as RGB, from the headers of some; unreadable ones are passed over. */
async function estimate({ folder, files }: ImageList): Promise<number> {
  const sharp = await loadSharp();
  const probes = Math.min(PROBES, files.length);
  let bytes = 0;
  let read = 0;
  let uniform = true;
  for (let i = 0; i < probes; i++) {
    const file = path.join(folder, files[Math.floor((i * files.length) / probes)]!);
    try {
      const { width, height } = await sharp(await readFile(file)).metadata();
      uniform &&= read === 0 || width * height * 3 === bytes / read;
      bytes += width * height * 3;
      read++;
    } catch {
      // Decoding will report it.
    }
  }
  // Where sizes vary, the sample's mean may be low.
  const margin = uniform ? 1 : 1.15;
  return read === 0 ? 0 : Math.ceil((bytes / read) * files.length * margin);
}
