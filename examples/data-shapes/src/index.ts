import {
  Dataset,
  definePlugin,
  sampleBatchCount,
  sampleOrder,
  type LabelledBatch,
  type Split,
} from '@refold/core';
import { randomOf } from '@refold/graph';
import { z } from 'zod';

const SIDE = 32;
const classes = ['disc', 'square', 'stripes'];

/** Draws sample `index` into `rgb` (NHWC bytes); the same seed and index give the same picture. */
function draw(rgb: Uint8Array, label: number, seed: number, index: number): void {
  const random = randomOf(seed, 'shape', index);
  const [cx, cy, radius] = [12 + random.int(8), 12 + random.int(8), 5 + random.int(6)];
  const color = [random.int(256), random.int(256), random.int(256)];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const inside = [
        Math.hypot(x - cx, y - cy) < radius,
        Math.max(Math.abs(x - cx), Math.abs(y - cy)) < radius,
        (x + cx) % radius < 2,
      ][label];
      for (let c = 0; c < 3; c++)
        rgb[(y * SIDE + x) * 3 + c] = inside ? color[c]! : 255 - color[c]!;
    }
  }
}

function split(size: number, seed: number, training: boolean): Split {
  return {
    size,
    batchCount: (plan) => sampleBatchCount(plan, size, { dropLast: training }),
    sampleName: (sample) => `shape ${sample}`,

    async *batches(plan): AsyncGenerator<LabelledBatch> {
      const order = sampleOrder(plan, size, { shuffle: training, dropLast: training });
      for (const samples of order.slice(plan.firstBatch ?? 0)) {
        const labels = samples.map((sample) => sample % classes.length);
        const data = new Uint8Array(samples.length * SIDE * SIDE * 3);
        samples.forEach((sample, i) =>
          draw(data.subarray(i * SIDE * SIDE * 3), labels[i]!, seed, sample),
        );
        const shape = { images: samples.length, channels: 3, height: SIDE, width: SIDE };
        yield { ...shape, layout: 'NHWC', data, labels, samples };
      }
    },
  };
}

/** Discs, squares and stripes: enough to see a network learn in seconds, without any file. */
export default definePlugin({
  name: 'refold-plugin-data-shapes',
  apiVersion: 1,
  setup({ provide }) {
    provide(Dataset, {
      use: ['shapes'],
      options: z.strictObject({ size: z.number().int().positive().default(600) }),
      create: ({ options: { size }, host }): Dataset => ({
        classes,
        sample: { channels: 3, height: SIDE, width: SIDE },
        normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
        preprocessing: { resize: null, crop: SIDE, interpolation: 'bilinear', channels: 3 },
        train: split(size, host.seed, true),
        validation: split(Math.ceil(size / 4), host.seed + 1, false),
        close: () => Promise.resolve(),
      }),
    });
  },
});
