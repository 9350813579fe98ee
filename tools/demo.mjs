/**
 * `npm run demo`: set-up, then a small RepVGG learns MNIST's digits, is validated, fused into one convolution per
 * block, and validated again. Needs npm alone. Ends with a table of what the two forms have in common and what not.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './lib/main.mjs';
import { root } from './lib/root.mjs';
import { runCommand } from './lib/run-command.mjs';
import { step } from './lib/step.mjs';
import { setUp } from './setup.mjs';

const config = 'configs/demo.yaml';
const outputDir = 'runs/demo';

await main(import.meta.url, async () => {
  await setUp();
  rmSync(join(root, outputDir), { recursive: true, force: true });
  const trained = await step('Training RepVGG on MNIST', () =>
    refold('train', '-c', config, '--output-dir', outputDir),
  );
  const wide = await step('Validating the train form', () => validate('train', trained.checkpoint));
  const fusion = await step('Fusing every block into one convolution, with proof', () =>
    refold(
      'fuse',
      '-c',
      config,
      trained.checkpoint,
      '--output',
      join(outputDir, 'fused.safetensors'),
    ),
  );
  const plain = await step('Validating the fused form', () => validate('fused', fusion.output));
  process.stdout.write(summary(trained, wide, plain, fusion));
  if (wide.top1 !== plain.top1) {
    process.stderr.write('The fused network answers differently. Please report this.\n');
    process.exitCode = 3;
  }
});

function validate(form, weights) {
  return refold('validate', '-c', config, '--form', form, '--ckpt-path', weights);
}

/** Runs a command of the command line with `--json` and gives its document (DESIGN §10). */
async function refold(...args) {
  const { stdout } = await runCommand('node', ['packages/cli/bin/refold.js', ...args, '--json'], {
    capture: true,
  });
  return JSON.parse(stdout);
}

function summary(trained, wide, plain, fusion) {
  const count = (n) => n.toLocaleString('en');
  const percent = (x) => `${x.toFixed(2)} %`;
  const rows = [
    ['', 'train form', 'fused form'],
    ['top-1 on the test digits', percent(wide.top1), percent(plain.top1)],
    [
      'images per second',
      count(Math.round(wide.imagesPerSecond)),
      count(Math.round(plain.imagesPerSecond)),
    ],
    ['parameters', count(fusion.parameters.train), count(fusion.parameters.fused)],
    ['multiply-adds per image', count(fusion.macs.train), count(fusion.macs.fused)],
  ];
  const ratio = plain.imagesPerSecond / wide.imagesPerSecond;
  return [
    '',
    ...rows.map(([label, a, b]) => `${label.padEnd(26)}${a.padStart(14)}${b.padStart(14)}`),
    '',
    `Top-1 is ${wide.top1 === plain.top1 ? 'identical' : 'NOT identical'} over ${count(plain.images)} images; the fused form takes ${(100 / ratio).toFixed(0)} % of the time (${ratio.toFixed(2)} × as fast).`,
    `Fusion: ${fusion.regions.length} regions, largest difference of the logits ${fusion.network.maxAbsError.toExponential(1)} absolute, ${fusion.network.maxRelError.toExponential(1)} relative; the same answer on ${percent(100 * fusion.network.top1Agreement)} of the probes.`,
    `Trained ${count(trained.steps)} steps in ${trained.seconds.toFixed(0)} s on ${wide.device}. Fused network: ${fusion.output}`,
    '',
  ].join('\n');
}
