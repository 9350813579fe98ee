import path from 'node:path';
import type { RefoldFile } from '@refold/formats';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, valueDoesNotFit, wouldReplaceInput } from '../errors.js';
import { formatUnclear } from '../export/errors.js';
import { EXPORT_ENDINGS, formatOfEnding, type ExportFormat } from '../export/export-formats.js';
import { exportNetwork, type ExportResult } from '../export/export-network.js';
import { probeNetwork } from '../export/probe-network.js';
import { isSameFile } from '../fuse-and-prove.js';
import { openModel } from '../open-model.js';
import { formOf, positiveNumber } from '../option-values.js';
import { readArguments } from '../read-arguments.js';
import { describingModel } from '../recognise/describing-model.js';
import { importSettings } from '../recognise/import-settings.js';
import type { DefineCommand } from './commands.js';

interface ExportOptions extends CommonOptions {
  readonly to?: string;
  readonly output?: string;
  readonly form?: string;
  readonly scheme?: string;
  readonly tolerance: string;
}

/** `refold export` (DESIGN §10). */
interface ExportDocument extends ExportResult {
  readonly input: string;
  readonly output: string;
  readonly format: ExportFormat;
}

const HOLDS_WEIGHTS: ReadonlySet<ExportFormat> = new Set([
  ...(['pytorch', 'mindspore', 'numpy', 'safetensors'] as const),
]);

/** `refold export`: writes a network for another library, and checks what was written there. */
export const exportCommand: DefineCommand = (io) =>
  configuredCommand('export', 'Write a network for other programs, and check it there.', [
    'refold export a0-fused.safetensors --to onnx -o a0.onnx',
    'refold export a0-fused.safetensors --to tfjs -o web/model',
    'refold export runs/a0/checkpoints/best.safetensors --to mindspore --scheme mindcv -o a0.ckpt',
    'refold export best.safetensors -o a0.pth --form fused',
  ])
    .usage('<model> [options]')
    .option(
      '--to <format>',
      `${Object.keys(EXPORT_ENDINGS).join(', ')}; default: by the ending of -o`,
    )
    .option('-o, --output <file>', 'where to write; default: <model> with the usual ending')
    .option('--form <form>', 'train or fused; default: what the file holds')
    .option(
      '--scheme <names>',
      "whose names the tensors get, for weights alone: official, timm, mmpretrain, mindcv … as the network's plugin knows them",
    )
    .option('--tolerance <error>', 'gate for what is run: relative to the answers', '1e-4')
    .addHelpText(
      'after',
      [
        '',
        'ONNX models are run in ONNX Runtime (npm install onnxruntime-node), TensorFlow.js models in TensorFlow.js, on',
        'random images; weights are read again and compared bit by bit. What does not pass is not written (exit code 3).',
      ].join('\n'),
    )
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<ExportOptions>(command, 1);
      const { options } = given;
      const [file] = given.words;
      if (file === undefined) throw fileMissing('export', 'a model file');
      const format = formatOf(options);
      if (options.scheme !== undefined && !HOLDS_WEIGHTS.has(format)) {
        const expected = `nothing: ${format} holds the network with names of its own`;
        throw valueDoesNotFit('--scheme', expected, options.scheme);
      }
      const tolerance = positiveNumber('--tolerance', options.tolerance);
      const input = path.resolve(io.cwd, file);
      const ending = format === 'tfjs' ? '-tfjs' : EXPORT_ENDINGS[format][0]!;
      const output = path.resolve(io.cwd, options.output ?? file.replace(/(\.[a-z]\w*)?$/, ending));
      if (isSameFile(input, output)) throw wouldReplaceInput('--output', input);
      const settings = () => importSettings(io, given);
      const network = await openModel(input, formOf(options.form), settings);
      const { scheme } = options;
      const known = () => importSettings(io, given, { stored: network.config });
      const model = scheme === undefined ? null : describingModel(network, await known());
      const probes = (written: RefoldFile) => probeNetwork(io, given, written);
      const result = await exportNetwork({
        ...{ network, format, output, scheme, model, tolerance, probes },
      });
      const document: ExportDocument = { input, output, format, ...result };
      io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
    });

/** @throws RefoldError `RF-USAGE-FLAG-VALUE`, `RF-USAGE-FORMAT` */
function formatOf({ to, output }: ExportOptions): ExportFormat {
  if (to !== undefined) {
    if (Object.hasOwn(EXPORT_ENDINGS, to)) return to as ExportFormat;
    throw valueDoesNotFit('--to', Object.keys(EXPORT_ENDINGS).join(', '), to);
  }
  const format = output === undefined ? undefined : formatOfEnding(output);
  if (format === undefined) throw formatUnclear(output);
  return format;
}

function describe(document: ExportDocument): string {
  const { output, format, bytes, maxAbsError, maxRelError, notes } = document;
  const run = format === 'onnx' || format === 'tfjs';
  return [
    run
      ? `run there       ${maxAbsError.toExponential(1)} absolute, ${maxRelError.toExponential(1)} relative`
      : 'read again      bit by bit the same',
    ...notes.map((note) => `note            ${note}`),
    `written         ${output} (${format}, ${bytes.toLocaleString('en-US')} bytes)`,
    '',
  ].join('\n');
}
