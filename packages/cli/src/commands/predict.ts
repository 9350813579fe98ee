import path from 'node:path';
import { composeResolved, Device, ImageReader } from '@refold/core';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, noPreprocessing } from '../errors.js';
import { withoutModel } from '../evaluation-data.js';
import { loadConfig, type NeededPoint } from '../load-config.js';
import { openModel } from '../open-model.js';
import { formOf, wholeNumber } from '../option-values.js';
import { openReporter } from '../output/open-reporter.js';
import { importSettings } from '../recognise/import-settings.js';
import { readArguments } from '../read-arguments.js';
import { softmax } from '../softmax.js';
import type { DefineCommand } from './commands.js';

interface PredictOptions extends CommonOptions {
  readonly form?: string;
  readonly top: string;
}

/** Who reads images unless a listed plugin does. Its data set, never opened here, cannot do without a folder. */
const READER: NeededPoint = {
  point: ImageReader,
  plugin: '@refold/plugin-data-imagenet',
  config: { data: { use: 'imagenet', dir: '.' } },
};

/** `refold predict`: the likeliest classes of image files. Needs the model file alone. */
export const predictCommand: DefineCommand = (io) =>
  configuredCommand('predict', 'Name the likeliest classes of image files.', [
    'refold predict runs/a0/repvgg_a0-fused.safetensors cat.jpg dog.jpg',
  ])
    .usage('<model> <image...> [options]')
    .option('--top <n>', 'classes to name', '5')
    .option('--form <form>', 'train or fused; default: what the file holds')
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<PredictOptions>(command, Infinity);
      const { options } = given;
      const [file, ...images] = given.words;
      if (file === undefined || images.length === 0) {
        throw fileMissing('predict', 'a model file and at least one image');
      }
      const top = wholeNumber('--top', options.top, 1);
      const form = formOf(options.form);
      const config = await loadConfig(io, withoutModel(given), { needed: READER });
      const model = await openModel(path.resolve(io.cwd, file), form, () =>
        importSettings(io, given),
      );
      if (!model.preprocessing) throw noPreprocessing(file);
      const report = openReporter(io, options);
      for (const warning of config.warnings) report.take({ type: 'warned', ...warning });
      const scope = await composeResolved(config, { baseDir: io.cwd }).open(report.take);
      try {
        const device = await scope.get(Device);
        const reader = await scope.get(ImageReader);
        const session = await device.load(model.graph, {
          kind: 'inference',
          batchSize: 1,
          precision: config.core.device.precision,
          weights: model.weights,
          ...(model.quantisation && { quantisation: model.quantisation }),
        });
        const document = [];
        for (const image of images) {
          const batch = await reader.read(path.resolve(io.cwd, image), model.preprocessing);
          const { data } = await session.infer(batch);
          document.push({ image, top: likeliest(data, model.classes, top) });
        }
        await session.close();
        io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
      } finally {
        await scope.close();
        report.close();
      }
    });

interface Likely {
  readonly class: string;
  readonly index: number;
  readonly probability: number;
}

function likeliest(logits: Float32Array, classes: readonly string[], top: number): Likely[] {
  return softmax(logits)
    .map((probability, index) => ({
      class: classes[index] ?? String(index),
      index,
      probability,
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
