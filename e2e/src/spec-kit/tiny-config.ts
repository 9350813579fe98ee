import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** A run of seconds: a RepVGG of four thin blocks on a few of MNIST's digits, on the device that is always there. */
export const tinyConfig = `
plugins: [model-repvgg, data-mnist, optimizers, lr-schedules, lr-scaling, device-tfjs, checkpoint, checkpoint-fusion, progress]
model: { use: repvgg, depths: [1, 2], widths: [4, 8], stem: 4 }
data: { use: mnist, batchSize: 16, trainSize: 160 }
loss: { labelSmoothing: 0.1 }
optimizer: { use: momentum, momentum: 0.9, weightDecay: 1.0e-4 }
rate: { base: 0.05, schedule: cosine, warmupEpochs: 1, minimum: 1.0e-6, scaling: none }
device: { use: wasm }
checkpoint: { everySteps: 1, keep: 3 }
epochs: 2
validateEvery: 0
seed: 3
`;

/** Writes the tiny configuration, or a variation of it, into a folder. */
export function writeTinyConfig(
  folder: string,
  change: (text: string) => string = (text) => text,
): string {
  const file = path.join(folder, 'config.yaml');
  writeFileSync(file, change(tinyConfig));
  return file;
}
