import path from 'node:path';
import { composeResolved, Device, ImageReader } from '@refold/core';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, noPreprocessing } from '../errors.js';
import { loadConfig } from '../load-config.js';
import { openModel } from '../open-model.js';
import type { DefineCommand } from './commands.js';

interface PredictOptions extends CommonOptions {
  readonly top: string;
}

/** `refold predict`: the likeliest classes of image files. Needs the model file alone. */
export const predictCommand: DefineCommand = (io) =>
  configuredCommand('predict', 'Name the likeliest classes of image files.', [
    'refold predict runs/a0/repvgg_a0-fused.safetensors cat.jpg dog.jpg',
  ])
    .usage('<model> <image...> [options]')
    .option('--top <n>', 'classes to name', '5')
    .action(async (options: PredictOptions, command: { args: string[] }) => {
      const { config, positionals } = await loadConfig(io, command.args, {
        ...options,
        plugins: ['data-imagenet'],
      });
      const [file, ...images] = positionals;
      if (file === undefined || images.length === 0) {
        throw fileMissing('predict', 'a model file and at least one image');
      }
      const model = await openModel(path.resolve(io.cwd, file), null);
      if (!model.preprocessing) throw noPreprocessing(file);
      const scope = await composeResolved(config, { baseDir: io.cwd }).open();
      try {
        const device = await scope.get(Device);
        const reader = await scope.get(ImageReader);
        const session = await device.load(model.graph, {
          kind: 'inference',
          batchSize: 1,
          precision: config.core.device.precision,
          weights: model.weights,
        });
        const document = [];
        for (const image of images) {
          const batch = await reader.read(path.resolve(io.cwd, image), model.preprocessing);
          const { data } = await session.infer(batch);
          document.push({ image, top: likeliest(data, model.classes, Number(options.top)) });
        }
        await session.close();
        io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
      } finally {
        await scope.close();
      }
    });

interface Likely {
  readonly class: string;
  readonly index: number;
  readonly probability: number;
}

function likeliest(logits: Float32Array, classes: readonly string[], top: number): Likely[] {
  const largest = logits.reduce((max, x) => Math.max(max, x), -Infinity);
  const sum = logits.reduce((total, x) => total + Math.exp(x - largest), 0);
  return [...logits]
    .map((logit, index) => ({
      class: classes[index] ?? String(index),
      index,
      probability: Math.exp(logit - largest) / sum,
    }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}

function describe(document: readonly { image: string; top: readonly Likely[] }[]): string {
  return document
    .map(({ image, top }) =>
      [
        image,
        ...top.map((t) => `  ${(100 * t.probability).toFixed(2).padStart(6)} %  ${t.class}`),
        '',
      ].join('\n'),
    )
    .join('');
}
