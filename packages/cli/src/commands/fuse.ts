import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readFlags } from '@refold/core';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing } from '../errors.js';
import { fuseAndProve, type FuseDocument } from '../fuse-and-prove.js';
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
  ])
    .usage('<checkpoint> [options]')
    .option('-o, --output <file>', 'where to write; default: <checkpoint>-fused.safetensors')
    .option('--region-tolerance <error>', 'gate per region, relative', '1e-5')
    .option('--network-tolerance <error>', 'gate for the network, relative', '1e-4')
    .option('--images <n>', 'validation images to compare on; 0: random ones, no data needed', '0')
    .option('--report <file>', 'write the report as JSON, too')
    .action(async (options: FuseOptions, command: { args: string[] }) => {
      const { positionals } = readFlags(command.args);
      const [file] = positionals;
      if (file === undefined) throw fileMissing('fuse', 'a checkpoint');
      const input = path.resolve(io.cwd, file);
      const output = path.resolve(
        io.cwd,
        options.output ?? file.replace(/(\.safetensors)?$/, '-fused.safetensors'),
      );
      const document = await fuseAndProve(io, {
        input,
        output,
        args: command.args,
        images: Number(options.images),
        gate: {
          region: Number(options.regionTolerance),
          network: Number(options.networkTolerance),
        },
        ...(options.config && { config: options.config }),
      });
      if (options.report) {
        writeFileSync(path.resolve(io.cwd, options.report), JSON.stringify(document, null, 2));
      }
      io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
    });

function describe({ regions, left, network, parameters, macs, output }: FuseDocument): string {
  const worst = Math.max(0, ...regions.map(({ maxRelError }) => maxRelError));
  const integer = (n: number): string => n.toLocaleString('en-US');
  return [
    `${regions.length} regions fused, ${left.length} left as they are.`,
    ...left.map(({ name, reason }) => `  ${name}: ${reason}`),
    `worst region   ${worst.toExponential(1)} relative`,
    `network        ${network.maxAbsError.toExponential(1)} absolute, ${network.maxRelError.toExponential(1)} relative, top-1 agreement ${(100 * network.top1Agreement).toFixed(2)} % of ${network.samples}`,
    `parameters     ${integer(parameters.train)} → ${integer(parameters.fused)}`,
    `multiply-adds  ${integer(macs.train)} → ${integer(macs.fused)}`,
    `written        ${output}`,
    '',
  ].join('\n');
}
