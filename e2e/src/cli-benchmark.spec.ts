import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { root, runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder);
/** A network of thousands of numbers, in a step of milliseconds. */
const tiny = ['-c', config, '--resolution', '16', '--batch-size', '2', '--steps', '1'];

const benchmark = (...args: readonly string[]) => runCli(['benchmark', ...args], folder);

interface Row {
  readonly model: string;
  readonly params: number;
  readonly buffers: number;
  readonly msPerStep: number;
  readonly imagesPerSecond: number;
  readonly peakMemoryBytes: number;
}

async function rowsOf(...args: readonly string[]): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await benchmark(...args, '--json', '--quiet');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const document = JSON.parse(stdout) as { rows: readonly Row[] };
  expect(stdout).toBe(`${JSON.stringify(document)}\n`);
  expect(Object.keys(document)).toEqual(['rows']);
  return document.rows;
}

describe('benchmark', () => {
  it('measures every form and work of a configured network', async () => {
    const rows = await rowsOf(...tiny, '--work', 'all', '--num-classes', '10', '--device', 'cpu');
    const number: unknown = expect.any(Number);
    const row = (work: string, form: string, params: number, buffers: number) => ({
      ...{ model: 'repvgg', work, form, params, buffers, cards: 1, batchSize: 2, resolution: 16 },
      ...{ precision: 'float32', device: 'cpu', library: expect.stringContaining('tfjs cpu') },
      ...{ threads: 1, compileSeconds: number, msPerStep: number, bestMsPerStep: number },
      ...{ imagesPerSecond: number, peakMemoryBytes: number },
    });
    // Blocks 3→4, 4→4, 4→8, 8→8 (identity), a classifier of ten: 136 + 176 + 352 + 688 + 90 and 112 + 148 + 296 + 584 + 90.
    const buffers = 2 * (2 * 4 + 2 * 4 + 2 * 8 + 3 * 8);
    expect(rows).toEqual([
      row('training', 'train', 1442, buffers),
      row('inference', 'train', 1442, buffers),
      row('inference', 'fused', 1230, 0),
    ]);
    for (const { msPerStep, imagesPerSecond, peakMemoryBytes } of rows) {
      expect(imagesPerSecond).toBeCloseTo(2000 / msPerStep, 6);
      expect(peakMemoryBytes).toBeGreaterThan(2 ** 24);
    }
  });

  it("needs no configuration, and counts RepVGG-A0 as its authors' tables do", async () => {
    const small = ['--resolution', '32', '--batch-size', '1', '--steps', '1', '--device', 'wasm'];
    const [row] = await rowsOf('--work', 'inference', '--form', 'train', ...small);
    expect(row).toMatchObject({ model: 'repvgg_a0', params: 9_108_968, buffers: 23_648 });
  });

  it('takes one step for loading, then those that are not timed, then those that are', async () => {
    const entry = (name: string) => path.join(root, 'packages', name, 'dist/index.js');
    const text = [
      `import { Device } from '${entry('core')}';`,
      `import { fakeDevice } from '${entry('testing')}';`,
      'const counting = () => {',
      '  const device = fakeDevice();',
      "  const close = async () => void process.stderr.write(device.calls.join('; ') + '\\n');",
      '  return { ...device, close };',
      '};',
      "const setup = ({ provide }) => provide(Device, { use: ['counting'], create: counting });",
      "export default { name: 'device-counting', apiVersion: 1, setup };",
    ];
    writeFileSync(path.join(folder, 'device-counting.mjs'), text.join('\n'));
    const flags = ['--plugins', '[model-repvgg, optimizers, ./device-counting.mjs]'];
    const steps = ['--device', 'counting', '--steps', '3', '--warmup', '2', '--form', 'fused'];
    const { code, stderr } = await benchmark(...tiny, ...flags, ...steps);
    expect(code).toBe(0);
    const calls = stderr.trim().split('\n').at(-1)?.split('; ');
    expect(calls?.filter((call) => call === 'infer 2')).toHaveLength(1 + 2 + 3);
  });

  it('measures networks named by commas and by repeating the flag, in order', async () => {
    const small = ['--resolution', '32', '--batch-size', '1', '--steps', '1', '--form', 'fused'];
    const names = ['--model', 'repvgg_a0,mobileone_s0', '--model', 'repvgg_b0'];
    const rows = await rowsOf(...names, ...small, '--device', 'wasm');
    expect(rows.map(({ model }) => model)).toEqual(['repvgg_a0', 'mobileone_s0', 'repvgg_b0']);
  });

  it('prints a table, and its progress on stderr', async () => {
    const { code, stdout, stderr } = await benchmark(...tiny, '--device', 'cpu', '--form', 'fused');
    expect(code).toBe(0);
    expect(stderr).toBe('1 / 1: repvgg, inference, fused form\n');
    const [header, row] = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(header).toEqual([
      ...['model', 'work', 'form', 'params (M)', 'with BN (M)', 'cards', 'batch', 'px'],
      ...['precision', 'device', 'compile s', 'ms/step', 'img/s', 'peak MiB'],
    ]);
    expect(row?.slice(0, 3)).toEqual(['repvgg', 'inference', 'fused']);
  });
});

describe('benchmark of what cannot be', () => {
  it.each([
    [
      'a network there is not',
      ['--model', 'repvgg_a9'],
      1,
      'RF-CONFIG-UNKNOWN-NAME',
      "'repvgg_a0'",
    ],
    ['a device there is not', ['--device', 'abacus'], 1, 'RF-CONFIG-UNKNOWN-NAME'],
    ['a precision there is not', ['--precision', 'float8'], 1, 'RF-CONFIG-TYPE'],
    ['a precision that the device has not', ['--precision', 'bfloat16'], 1, 'RF-DEVICE-PRECISION'],
    ['half a batch', ['--batch-size', '0.5'], 2, 'RF-USAGE-FLAG-VALUE'],
  ])('fails: %s', async (_what, args, expected, ...texts) => {
    const flags = args.includes('--model') ? ['--steps', '1', ...args] : [...tiny, ...args];
    const { code, stdout, stderr } = await benchmark(...flags);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    for (const text of texts) expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says so when the process of a row is gone', async () => {
    const core = path.resolve(import.meta.dirname, '..', '..', 'packages/core/dist/index.js');
    const text = [
      `import { Device } from '${core}';`,
      'const setup = ({ provide }) =>',
      "  provide(Device, { use: ['gone'], create: () => process.exit(7) });",
      "export default { name: 'device-gone', apiVersion: 1, setup };",
    ];
    writeFileSync(path.join(folder, 'device-gone.mjs'), text.join('\n'));
    const flags = ['--plugins', '[./device-gone.mjs]', '--device', 'gone'];
    const { code, stdout, stderr } = await benchmark(...flags);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('RF-CLI-BENCHMARK');
    expect(stderr).toContain('Received exit code 7');
  });
});
