import path from 'node:path';
import {
  sampleBatchCount,
  sampleOrder,
  type BatchPlan,
  type LabelledBatch,
  type Split,
} from '@refold/core';
import type { CorruptImages } from './corrupt-images.js';
import type { DecodePool, RunningJob } from './decode-pool.js';
import type { PixelCacheMemory } from './pixel-cache.js';
import type { Augmentation, Evaluation } from './prepare-sample.js';
import type { ImageList } from './scan-folder.js';

/** Batches that are made while the consumer works on one. */
const PREFETCH = 2;

export interface ImageFolderSplitParts {
  readonly list: ImageList;
  readonly recipe: Augmentation | Evaluation;
  readonly shuffle: boolean;
  readonly pool: DecodePool;
  readonly corrupt: CorruptImages;
  readonly cache: () => Promise<PixelCacheMemory | null>;
}

interface Running {
  readonly job: RunningJob;
  /** The samples of the batch, stand-ins in the place of unreadable ones. */
  readonly shown: Int32Array;
  readonly out: SharedArrayBuffer;
}

/** A split of an ImageFolder tree, decoded ahead of its consumer into a ring of shared buffers. */
export class ImageFolderSplit implements Split {
  readonly size: number;
  private readonly side: number;
  private readonly sampleBytes: number;

  constructor(private readonly parts: ImageFolderSplitParts) {
    const { list, recipe } = parts;
    this.size = list.files.length;
    this.side = recipe.kind === 'train' ? recipe.resolution : recipe.crop;
    this.sampleBytes = this.side * this.side * 3;
  }

  batchCount(plan: Pick<BatchPlan, 'batchSize' | 'replicas' | 'rank'>): number {
    return sampleBatchCount(plan, this.size, this.use);
  }

  sampleName(sample: number): string {
    const { list } = this.parts;
    return `${path.basename(list.folder)}/${list.files[sample]!}`;
  }

  async *batches(plan: BatchPlan): AsyncGenerator<LabelledBatch> {
    const order = sampleOrder(plan, this.size, this.use).slice(plan.firstBatch ?? 0);
    const cache = await this.parts.cache();
    const ring = Array.from(
      { length: Math.min(PREFETCH + 1, order.length) },
      () => new SharedArrayBuffer(plan.batchSize * this.sampleBytes),
    );
    const running: Running[] = [];
    let started = 0;
    try {
      for (const [i, samples] of order.entries()) {
        // The consumer asked for batch i, so the buffer of batch i − 1 is free for batch i + PREFETCH.
        for (; started < Math.min(i + 1 + PREFETCH, order.length); started++) {
          const out = ring[started % ring.length]!;
          running.push(this.start(plan, order[started]!, out, cache));
        }
        const { job, shown, out } = running.shift()!;
        for (const { position, reason } of await job.done) {
          const standIn = await this.replace(plan, shown[position]!, reason, cache);
          shown[position] = standIn.sample;
          new Uint8Array(out).set(standIn.data, position * this.sampleBytes);
        }
        yield this.batch(samples, shown, out);
      }
    } finally {
      for (const { job } of running) job.cancel();
    }
  }

  private get use() {
    return { shuffle: this.parts.shuffle, dropLast: this.parts.recipe.kind === 'train' };
  }

  private start(
    { seed, epoch }: BatchPlan,
    samples: Int32Array,
    out: SharedArrayBuffer,
    cache: PixelCacheMemory | null,
  ): Running {
    const { pool, recipe, corrupt, list } = this.parts;
    const shown = samples.map((sample) => corrupt.standIn(sample));
    const files = Array.from(shown, (sample) => path.join(list.folder, list.files[sample]!));
    const { sampleBytes } = this;
    const job = pool.start({ files, samples: shown, recipe, seed, epoch, out, sampleBytes, cache });
    return { job, shown, out };
  }

  /** Makes the sample that stands in for an unreadable one; several in a row may be unreadable. */
  private async replace(
    plan: BatchPlan,
    sample: number,
    reason: string,
    cache: PixelCacheMemory | null,
  ): Promise<{ sample: number; data: Uint8Array }> {
    const { corrupt } = this.parts;
    const out = new SharedArrayBuffer(this.sampleBytes);
    let bad = sample;
    let why = reason;
    for (;;) {
      // Fails at the latest when no readable image is left.
      corrupt.report(bad, why);
      const { job, shown } = this.start(plan, Int32Array.of(sample), out, cache);
      const [failure] = await job.done;
      bad = shown[0]!;
      if (!failure) return { sample: bad, data: new Uint8Array(out) };
      why = failure.reason;
    }
  }

  private batch(samples: Int32Array, shown: Int32Array, out: SharedArrayBuffer): LabelledBatch {
    const { labels } = this.parts.list;
    return {
      images: samples.length,
      channels: 3,
      height: this.side,
      width: this.side,
      layout: 'NHWC',
      data: new Uint8Array(out, 0, samples.length * this.sampleBytes),
      labels: shown.map((sample) => labels[sample]!),
      samples: samples.slice(),
    };
  }
}
