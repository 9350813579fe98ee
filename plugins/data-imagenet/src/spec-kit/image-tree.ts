import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BatchPlan, Dataset, LabelledBatch, RefoldEvent, Split } from '@refold/core';
import sharp from 'sharp';
import { openImageFolder } from '../open-image-folder.js';
import { imagenetOptions } from '../options.js';
import { digest } from './noise.js';

/** A temporary folder, removed by `remove`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'refold-images-'));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes a file and its folders. */
export function put(folder: string, name: string, bytes: Uint8Array | string = ''): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

/** A JPEG that tells its key from others. */
export function jpeg(key: number, width = 40, height = 30): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (key * 37 + i * (key + 3)) % 256;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** `train/` and `val/` with classes `ant`, `bee`, `cat`; `perClass` images each, of several sizes. */
export async function writeTree(folder: string, perClass = 10): Promise<void> {
  let key = 0;
  for (const split of ['train', 'val']) {
    for (const name of ['ant', 'bee', 'cat']) {
      for (let i = 0; i < perClass; i++, key++) {
        put(folder, `${split}/${name}/${i}.jpg`, await jpeg(key, 30 + (key % 7), 25 + (key % 11)));
      }
    }
  }
}

/** Opens a dataset with 16-pixel samples; `events` grows with what it publishes. */
export async function open(
  dir: string,
  options: object = {},
): Promise<{ dataset: Dataset; events: RefoldEvent[] }> {
  const events: RefoldEvent[] = [];
  const parsed = imagenetOptions.parse({ dir, resolution: 16, workers: 2, ...options });
  const host = { baseDir: dir, emit: (event: RefoldEvent) => void events.push(event) };
  return { dataset: await openImageFolder(parsed, host), events };
}

/** Opens a dataset, uses it and closes it, whatever happens. */
export async function using<T>(
  dir: string,
  options: object,
  use: (dataset: Dataset, events: readonly RefoldEvent[]) => T | Promise<T>,
): Promise<T> {
  const { dataset, events } = await open(dir, options);
  try {
    return await use(dataset, events);
  } finally {
    await dataset.close();
  }
}

/** All batches, copied, since their memory is used again. */
export async function readAll(
  split: Split,
  change: Partial<BatchPlan> = {},
): Promise<LabelledBatch[]> {
  const plan = { batchSize: 8, seed: 1, epoch: 0, rank: 0, replicas: 1, ...change };
  const batches: LabelledBatch[] = [];
  for await (const batch of split.batches(plan)) {
    batches.push({ ...batch, data: Uint8Array.from(batch.data) });
  }
  return batches;
}

/** What each sample was given as: its class and a digest of its bytes. */
export function bySample(batches: readonly LabelledBatch[]): Map<number, string> {
  const given = new Map<number, string>();
  for (const { samples, labels, data, images } of batches) {
    const bytes = data.length / images;
    for (const [i, sample] of samples.entries()) {
      if (given.has(sample)) throw new Error(`Sample ${sample} came twice.`);
      given.set(sample, `${labels[i]!} ${digest(data.subarray(i * bytes, (i + 1) * bytes))}`);
    }
  }
  return given;
}
