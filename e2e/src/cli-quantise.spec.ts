import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { readModelFile } from '@refold/formats';
import { evaluateQuantised } from '@refold/quantise';
import { probeOnednn } from '@refold/plugin-device-onednn';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

interface Document {
  readonly output: string;
  readonly method: string;
  readonly percentile: number | null;
  readonly calibrationImages: number;
  readonly images: number;
  readonly top1: { readonly before: number; readonly after: number };
  readonly layers: readonly { name: string; relError: number; sqnrDb: number | null }[];
  readonly float: readonly { name: string; op: string; reason: string }[];
  readonly device: string;
  readonly int8: string;
}

const folder = temporaryFolder();
const config = writeTinyConfig(folder, (text) =>
  text.replace('device-tfjs', 'device-tfjs, device-onednn'),
);
const images = ['--data.validationSize', '60'];
let trained: RunResult;
let onWasm: Document;

async function refold<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json', '--quiet'], folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

const quantise = (file: string, output: string, ...flags: readonly string[]) =>
  refold<Document>('quantise', file, '-o', output, ...images, ...flags);

beforeAll(async () => {
  trained = await refold('train', '-c', config, '--output-dir', 'out');
  onWasm = await quantise(trained.checkpoint!, 'wasm.safetensors', '--device', 'wasm');
});

describe('refold quantise', () => {
  it('fuses a checkpoint, and says what eight bits cost in each layer and in all', () => {
    const { top1, layers, float, ...rest } = onWasm;
    expect(rest).toEqual({
      ...{ input: trained.checkpoint, output: path.join(folder, 'wasm.safetensors') },
      ...{ method: 'percentile', percentile: 99.99, calibrationImages: 160, images: 60 },
      ...{ device: 'wasm', int8: 'reference' },
    });
    expect(layers.map(({ name }) => name)).toEqual([
      ...['normalize', 'stem.act', 'stages.0.0.act', 'stages.1.0.act', 'stages.1.1.act'],
      ...['head.flatten', 'head.fc'],
    ]);
    for (const { relError, sqnrDb } of layers) {
      expect(relError).toBeLessThan(0.2);
      if (sqnrDb !== null) expect(sqnrDb).toBeCloseTo(-20 * Math.log10(relError), 6);
    }
    expect(float.map(({ op }) => op)).toEqual(['normalize', 'global_avg_pool']);
    expect(Math.abs(top1.after - top1.before)).toBeLessThanOrEqual(10);
  });

  it('writes float32 weights, those of the fused network, and the quantisation beside them', async () => {
    const mine = await readModelFile(onWasm.output);
    const fused = await readModelFile(trained.fused!);
    expect(mine).toMatchObject({
      kind: 'model',
      form: 'fused',
      graph: fused.graph,
      classes: fused.classes,
    });
    expect(mine.weights).toEqual(fused.weights);
    expect(Object.keys(mine.quantisation!.values)).toEqual(
      onWasm.layers.map(({ name }) => name).slice(0, -1),
    );
    const shape = [1, 1, 28, 28];
    const batch = { shape, data: new Float64Array(28 * 28).fill(9) };
    expect(
      evaluateQuantised(mine.graph, mine.weights, mine.quantisation!, batch).get(mine.graph.output)!
        .shape,
    ).toEqual([1, 10]);
  });

  it('takes a fused file, another method, fewer images, and layers that stay as they are', async () => {
    const flags = ['--method', 'mse', '--calibration-images', '10', '--keep-float', 'head.fc'];
    const document = await quantise(
      trained.fused!,
      'kept.safetensors',
      '--device',
      'wasm',
      ...flags,
    );
    expect(document).toMatchObject({ method: 'mse', percentile: null, calibrationImages: 10 });
    expect(document.float.at(-1)).toMatchObject({ name: 'head.fc', op: 'linear' });
    const { quantisation } = await readModelFile(document.output);
    expect(quantisation!.weights).not.toHaveProperty(['head.fc.weight']);
  });

  it.each([
    ['no file', [], 2, 'RF-USAGE-FILE'],
    ['a method there is not', ['wasm.safetensors', '--method', 'guess'], 2, 'RF-USAGE-FLAG-VALUE'],
    ['a percentile of 40', ['wasm.safetensors', '--percentile', '40'], 2, 'RF-USAGE-FLAG-VALUE'],
    ['its own input', ['wasm.safetensors', '-o', './wasm.safetensors'], 1, 'RF-CLI-SAME-FILE'],
    ['a layer there is not', ['wasm.safetensors', '--keep-float', 'neck'], 1, 'RF-QUANTISE-NODE'],
  ])('refuses %s', async (_what, args, code, text) => {
    const before = readFileSync(path.join(folder, 'wasm.safetensors'));
    const result = await runCli(['quantise', ...args, '--device', 'wasm'], folder);
    expect({ ...result, stderr: '' }).toEqual({ code, stdout: '', stderr: '' });
    expect(result.stderr).toContain(text);
    expect(readFileSync(path.join(folder, 'wasm.safetensors'))).toEqual(before);
  });

  it('leaves files that a device without int8 is told of, with a code', async () => {
    const args = ['validate', 'wasm.safetensors', '--device', 'wasm', '--precision', 'int8'];
    const { code, stderr } = await runCli(args, folder);
    expect(code).toBe(1);
    expect(stderr).toContain('RF-DEVICE-PRECISION');
  });
});

const onednn = probeOnednn();
if (!onednn.usable) it.skip(`int8 on onednn: ${onednn.reason}`, () => undefined);

(onednn.usable ? describe : describe.skip)('int8 on onednn', () => {
  const device = ['--device', 'onednn', '--precision', 'int8'] as const;

  it('is the reference, image by image', async () => {
    const first = path.join(folder, 'int8.jsonl');
    const args = ['validate', 'wasm.safetensors', ...images, ...device, '--predictions', first];
    const validated = await refold<{ top1: number; images: number }>(...args);
    expect(validated).toMatchObject({ top1: onWasm.top1.after, images: 60 });
    const document = await quantise('wasm.safetensors', 'onednn.safetensors', '--device', 'onednn');
    expect(document).toMatchObject({ int8: 'device', device: 'onednn', top1: onWasm.top1 });
  });

  it.each([
    ['a file that is not quantised', ['validate', 'FUSED', ...images], 'RF-DEVICE-QUANTISATION'],
    ['training', ['train', '-c', config, '--output-dir', 'no'], 'RF-DEVICE-PRECISION'],
  ])('refuses %s', async (_what, args, text) => {
    const named = args.map((arg) => (arg === 'FUSED' ? trained.fused! : arg));
    const { code, stderr } = await runCli([...named, ...device], folder);
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  });

  it('is what plan and benchmark show of a network', async () => {
    const { compiled } = await refold<{
      compiled: { groups: { op: string; algorithm: string }[] };
    }>(...['plan', '-c', config, ...device]);
    const { algorithm } = compiled.groups.find(({ op }) => op === 'conv2d')!;
    expect(algorithm).toMatch(/^integer product/);
    const small = ['--resolution', '32', '--batch-size', '1', '--steps', '1'];
    const { rows } = await refold<{ rows: object[] }>('benchmark', ...small, ...device);
    expect(rows).toEqual([
      expect.objectContaining({ form: 'fused', work: 'inference', precision: 'int8' }),
    ]);
  });
});
