import { Dataset, definePlugin, sampleBatchCount, sampleOrder, type Split } from '@refold/core';
import { randomOf } from '@refold/graph';
import { z } from 'zod';

const SIDE = 32;
const PIXELS = SIDE * SIDE;
/** For each class, whether a pixel at this distance from the centre belongs to the shape. */
const shapes: Record<string, (dx: number, dy: number, radius: number) => boolean> = {
  disc: (dx, dy, radius) => Math.hypot(dx, dy) < radius,
  square: (dx, dy, radius) => Math.max(Math.abs(dx), Math.abs(dy)) < radius,
};
const classes = Object.keys(shapes);

/** Draws a sample as RGB bytes; the same seed and index give the same picture. */
function draw(rgb_HWC: Uint8Array, label: number, seed: number, index: number): void {
  const random = randomOf(seed, 'shape', index);
  const [cx, cy, radius] = [12 + random.int(8), 12 + random.int(8), 5 + random.int(6)];
  const color = [random.int(256), random.int(256), random.int(256)];
  for (let p = 0; p < PIXELS; p++) {
    const inside = shapes[classes[label]!]!((p % SIDE) - cx, Math.floor(p / SIDE) - cy, radius);
    for (let c = 0; c < 3; c++) rgb_HWC[p * 3 + c] = inside ? color[c]! : 255 - color[c]!;
  }
}

const split = (size: number, seed: number, training: boolean): Split => ({
  size,
  batchCount: (plan) => sampleBatchCount(plan, size, { dropLast: training }),
  sampleName: (sample) => `shape ${sample}`,
  async *batches(plan) {
    const order = sampleOrder(plan, size, { shuffle: training, dropLast: training });
    for (const samples of order.slice(plan.firstBatch ?? 0)) {
      const labels = samples.map((sample) => sample % classes.length);
      const data = new Uint8Array(samples.length * PIXELS * 3);
      samples.forEach((n, i) => draw(data.subarray(i * PIXELS * 3), labels[i]!, seed, n));
      const shape = { images: samples.length, channels: 3, height: SIDE, width: SIDE };
      yield { ...shape, layout: 'NHWC', data, labels, samples };
    }
  },
});

/** Discs and squares: enough to see a network learn in seconds, without any file. */
export default definePlugin({
  name: 'refold-plugin-data-shapes',
  apiVersion: 1,
  setup({ provide }) {
    provide(Dataset, {
      use: ['shapes'],
      options: z.strictObject({ size: z.number().int().positive().default(600) }),
      create: ({ options: { size }, host: { seed } }): Dataset => ({
        classes,
        sample: { channels: 3, height: SIDE, width: SIDE },
        normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
        preprocessing: { resize: null, crop: SIDE, interpolation: 'bilinear', channels: 3 },
        train: split(size, seed, true),
        validation: split(Math.ceil(size / 4), seed + 1, false),
        close: async () => undefined,
      }),
    });
  },
});
