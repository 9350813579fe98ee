import path from 'node:path';
import { DEFAULT_METHOD, type CalibrationMethod, type LayerError } from '@refold/quantise';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, valueDoesNotFit } from '../errors.js';
import { methodOf, percentage, wholeNumber } from '../option-values.js';
import { openReporter } from '../output/open-reporter.js';
import { printTable } from '../output/print-table.js';
import { quantiseAndMeasure, type QuantiseDocument } from '../quantise/quantise-and-measure.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

interface QuantiseOptions extends CommonOptions {
  readonly output?: string;
  readonly calibrationImages: string;
  readonly method?: string;
  readonly percentile?: string;
  readonly keepFloat?: string;
  readonly images?: string;
}

const NOTES = `
The file holds the float32 weights as before and, in its metadata, how they and the values between layers are stored in
eight bits; 'validate', 'predict' and 'benchmark' compute with it where --precision int8 is given. A file in train form is
fused first. Training images are prepared as for validation; calibration sees no label.

JSON: { input, output, method, percentile, calibrationImages, images, top1: { before, after },
layers: [{ name, relError, sqnrDb }], float: [{ name, op, reason }], device, int8 }.`;

/** `refold quantise`: a fused network with what it needs to compute in eight bits, and what that costs. */
export const quantiseCommand: DefineCommand = (io) =>
  configuredCommand('quantise', 'Prepare a fused network for int8, and measure what it costs.', [
    'refold quantise a0-fused.safetensors --data-dir D -o a0-int8.safetensors',
    'refold quantise best.safetensors --data-dir D --method mse --calibration-images 512',
    'refold validate a0-int8.safetensors --data-dir D --precision int8',
  ])
    .usage('<model> [options]')
    .option('-o, --output <file>', 'where to write; default: <model>-int8.safetensors')
    .option('--calibration-images <n>', 'training images that ranges are measured on', '256')
    .option('--method <method>', 'max, percentile or mse; default: percentile')
    .option('--percentile <percent>', 'share of the values that a range holds; default: 99.99')
    .option('--keep-float <names>', 'layers that stay float32, by commas (head.fc)')
    .option('--images <n>', 'validation images to compare on; default: all')
    .addHelpText('after', NOTES)
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<QuantiseOptions>(command, 1);
      const { options } = given;
      const [file] = given.words;
      if (file === undefined) throw fileMissing('quantise', 'a model or a checkpoint');
      const output = options.output ?? file.replace(/(\.safetensors)?$/, '-int8.safetensors');
      const job = {
        input: path.resolve(io.cwd, file),
        output: path.resolve(io.cwd, output),
        method: chosenMethod(options),
        calibrationImages: wholeNumber('--calibration-images', options.calibrationImages, 1),
        keepFloat: options.keepFloat?.split(',') ?? [],
        images: options.images === undefined ? null : wholeNumber('--images', options.images, 1),
      };
      const report = openReporter(io, options);
      try {
        const document = await quantiseAndMeasure(io, { ...job, given, report });
        io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
      } finally {
        report.close();
      }
    });

function chosenMethod({ method, percentile }: QuantiseOptions): CalibrationMethod {
  const kind = methodOf(method) ?? 'percentile';
  if (kind !== 'percentile') {
    if (percentile !== undefined) {
      throw valueDoesNotFit('--percentile', 'nothing, unless --method is percentile', percentile);
    }
    return { kind };
  }
  return percentile === undefined
    ? DEFAULT_METHOD
    : { kind, percent: percentage('--percentile', percentile) };
}

function describe(document: QuantiseDocument): string {
  const { layers, float, top1, images, calibrationImages, output, device, int8, method } = document;
  const rows = layers.map(({ name, relError, sqnrDb }: LayerError) => [
    ...[name, relError.toFixed(4), Number.isFinite(sqnrDb) ? sqnrDb.toFixed(1) : 'equal'],
  ]);
  const place = int8 === 'device' ? device : `the reference (${device} has no int8)`;
  return [
    printTable([['value', 'relative error', 'SQNR dB'], ...rows]),
    ...float.map(({ name, reason }) => `float32        ${name}: ${reason}`),
    `ranges         ${method}, ${calibrationImages} training images`,
    `top-1          ${top1.before.toFixed(2)} % → ${top1.after.toFixed(2)} % of ${images} images, on ${place}`,
    `written        ${output} (weights in float32, with their quantisation)`,
    '',
  ].join('\n');
}
