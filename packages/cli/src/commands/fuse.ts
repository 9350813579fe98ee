import path from 'node:path';
import { isOnnxFile } from '@refold/formats';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, valueDoesNotFit, wouldReplaceInput } from '../errors.js';
import { formatUnclear } from '../export/errors.js';
import { formatOfEnding } from '../export/export-formats.js';
import { fuseAndProve, isSameFile, type FuseDocument } from '../fuse-and-prove.js';
import { positiveNumber, wholeNumber } from '../option-values.js';
import { fuseOnnx, type FuseOnnxDocument } from '../onnx-graph-mode/fuse-onnx.js';
import { openReporter } from '../output/open-reporter.js';
import { openOutputFile } from '../output/output-file.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

interface FuseOptions extends CommonOptions {
  readonly output?: string;
  readonly regionTolerance: string;
  readonly networkTolerance: string;
  readonly images: string;
  readonly report?: string;
}

/** `refold fuse`: one convolution per block, with a measured proof; over the gate nothing is written. */
export const fuseCommand: DefineCommand = (io) =>
  configuredCommand('fuse', 'Turn every block into one convolution and prove it equal.', [
    'refold fuse runs/a0/checkpoints/best.safetensors -o a0-fused.safetensors',
    'refold fuse best.safetensors -o fused.safetensors --images 500 --data-dir D',
    'refold fuse RepVGG-A0-train.pth -o plain.onnx',
    'refold fuse detector.onnx -o detector-fused.onnx',
  ])
    .usage('<checkpoint> [options]')
    .option(
      '-o, --output <file>',
      'where to write, in the format of the ending (refold export); default: <checkpoint>-fused',
    )
    .option('--region-tolerance <error>', 'gate per region, relative', '1e-5')
    .option('--network-tolerance <error>', 'gate for the network, relative', '1e-4')
    .option('--images <n>', 'validation images to compare on; 0: random ones, no data needed', '0')
    .option('--report <file>', 'write the report as JSON, too')
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<FuseOptions>(command, 1);
      const { options } = given;
      const [file] = given.words;
      if (file === undefined) throw fileMissing('fuse', 'a checkpoint');
      const images = wholeNumber('--images', options.images, 0);
      const gate = {
        region: positiveNumber('--region-tolerance', options.regionTolerance),
        network: positiveNumber('--network-tolerance', options.networkTolerance),
      };
      const input = path.resolve(io.cwd, file);
      const output = path.resolve(
        io.cwd,
        options.output ??
          file.replace(/(?:\.(?:safetensors|pth|pt|ckpt|npz)|(\.onnx))?$/, (_, onnx?: string) => {
            return `-fused${onnx ?? '.safetensors'}`;
          }),
      );
      if (options.report && isSameFile(input, path.resolve(io.cwd, options.report))) {
        throw wouldReplaceInput('--report', input);
      }
      const report = openReporter(io, options);
      // Before anything is computed or written: a report that cannot be written leaves no fused file either.
      const written = options.report
        ? openOutputFile('--report', options.report, io.cwd)
        : undefined;
      try {
        const onnx = await isOnnxFile(input);
        if (onnx && images > 0) {
          throw valueDoesNotFit(
            '--images',
            '0: an ONNX model is compared on random inputs',
            `${images}`,
          );
        }
        checkEnding(options.output, onnx);
        const document = onnx
          ? await fuseOnnx(input, output, { gate })
          : await fuseAndProve(io, { input, output, given, images, gate, report });
        written?.line(JSON.stringify(document, null, 2));
        io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
        written?.close();
      } catch (error) {
        written?.discard();
        throw error;
      } finally {
        report.close();
      }
    });

/** What is written goes by the ending; a name without one is a Refold file's, or of ONNX what ONNX came in as. */
function checkEnding(output: string | undefined, isOnnx: boolean): void {
  if (output === undefined || path.extname(output) === '') return;
  const format = formatOfEnding(output);
  if (format === undefined) throw formatUnclear(output);
  if (isOnnx && format !== 'onnx') {
    throw valueDoesNotFit('--output', 'a name that ends in .onnx, as the input is', output);
  }
}

function describe(document: FuseDocument | FuseOnnxDocument): string {
  const { regions, left, notes, network, parameters, macs, output } = document;
  const worst = Math.max(0, ...regions.map(({ maxRelError }) => maxRelError));
  const integer = (n: number): string => n.toLocaleString('en-US');
  return [
    `${regions.length} regions fused, ${left.length} left as they are.`,
    ...left.map(({ name, reason }) => `  ${name}: ${reason}`),
    `worst region   ${worst.toExponential(1)} relative`,
    `network        ${network ? networkLine(network) : 'not measured'}`,
    `parameters     ${integer(parameters.train)} → ${integer(parameters.fused)}`,
    ...(macs ? [`multiply-adds  ${integer(macs.train)} → ${integer(macs.fused)}`] : []),
    ...notes.map((note) => `note           ${note}`),
    `written        ${output}`,
    '',
  ].join('\n');
}

function networkLine(network: NonNullable<FuseOnnxDocument['network']> | FuseDocument['network']) {
  const { maxAbsError, maxRelError, top1Agreement, samples } = network;
  const top1 =
    top1Agreement === null ? '' : `, top-1 agreement ${(100 * top1Agreement).toFixed(2)} %`;
  return `${maxAbsError.toExponential(1)} absolute, ${maxRelError.toExponential(1)} relative${top1} of ${samples}`;
}
