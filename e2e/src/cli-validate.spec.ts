import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { readModelFile, writeModelFile } from '@refold/formats';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { tinyConfig, writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder);
const IMAGES = 200;

interface Line {
  readonly image: string;
  readonly label: string;
  readonly predicted: string;
  readonly correct: boolean;
  readonly probability: number;
  readonly logits: readonly number[];
}
interface Document {
  readonly form: string;
  readonly images: number;
  readonly top1: number;
}

async function validate(...args: readonly string[]): Promise<Document> {
  const { code, stdout, stderr } = await runCli(['validate', ...args, '--json', '--quiet'], folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Document;
}

async function predictions(name: string, ...args: string[]): Promise<[Document, Line[]]> {
  const file = path.join(folder, `${name}.jsonl`);
  const document = await validate(...args, '--predictions', file);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return [document, lines.map((line) => JSON.parse(line) as Line)];
}

let trained: RunResult;
beforeAll(async () => {
  const flags = ['--output-dir', 'out', '--data.validationSize', String(IMAGES), '--json'];
  const { code, stdout } = await runCli(['train', '-c', config, ...flags], folder);
  expect(code).toBe(0);
  trained = JSON.parse(stdout) as RunResult;
});

describe('--predictions', () => {
  let train: [Document, Line[]];
  beforeAll(async () => {
    train = await predictions('train', trained.checkpoint!);
  });

  it('has a line for every image once, and agrees with top1', () => {
    const [{ images, top1 }, lines] = train;
    expect([images, lines.length]).toEqual([IMAGES, IMAGES]);
    expect(new Set(lines.map(({ image }) => image)).size).toBe(IMAGES);
    const correct = lines.filter((line) => line.correct).length;
    expect((100 * correct) / IMAGES).toBeCloseTo(top1, 10);
  });

  it('says in each what the network said', () => {
    for (const { label, predicted, correct, probability, logits } of train[1]) {
      expect(correct).toBe(label === predicted);
      const powers = logits.map(Math.exp);
      const share = Math.max(...powers) / powers.reduce((sum, x) => sum + x, 0);
      expect(probability).toBeCloseTo(share, 6);
      expect(predicted).toBe(String(powers.indexOf(Math.max(...powers))));
    }
  });

  it.each([
    ['fused on the way', () => [trained.checkpoint!, '--form', 'fused']],
    ['the fused file', () => [trained.fused!]],
  ])('train form and %s agree image by image', async (name, args) => {
    const [document, lines] = await predictions(name, ...args());
    expect(document).toMatchObject({ form: 'fused', top1: train[0].top1 });
    const answers = ({ image, label, predicted }: Line) => ({ image, label, predicted });
    expect(lines.map(answers)).toEqual(train[1].map(answers));
  });
});

describe('the model may be named', () => {
  it.each([
    ['as a word', (file: string) => [file]],
    ['by --checkpoint', (file: string) => ['--checkpoint', file]],
    ['by --weights', (file: string) => ['--weights', file]],
    ["by MindCV's --ckpt-path", (file: string) => [`--ckpt-path=${file}`]],
  ])('%s', async (_how, args) => {
    expect(await validate(...args(trained.fused!))).toMatchObject({ form: 'fused' });
  });

  it('by the configuration, whose data counts then', async () => {
    const file = path.join(folder, 'weights.yaml');
    writeFileSync(file, `${tinyConfig}\nweights: ${path.relative(folder, trained.fused!)}`);
    const flags = ['-c', file, '--data.validationSize', '40'];
    expect(await validate(...flags)).toMatchObject({ form: 'fused', images: 40 });
  });
});

describe('a fused file needs no model plugin', () => {
  it('with a configuration that lists none', async () => {
    const file = path.join(folder, 'data-only.yaml');
    writeFileSync(file, 'plugins: [data-mnist]\ndata: { use: mnist, validationSize: 40 }\n');
    const args = ['-c', file, trained.fused!, '--device', 'wasm'];
    expect(await validate(...args)).toMatchObject({ form: 'fused', images: 40 });
  });

  it('without one, where the plugin that made it is not installed', async () => {
    const saved = await readModelFile(trained.fused!);
    const stored = saved.config as { plugins: string[] };
    const file = path.join(folder, 'foreign.safetensors');
    const withPlugin = async (ours: string, theirs: string): Promise<void> => {
      const plugins = stored.plugins.map((name) => (name === ours ? theirs : name));
      await writeModelFile(file, { ...saved, config: { ...stored, plugins } });
    };
    await withPlugin('model-repvgg', 'model-of-somebody');
    expect(await validate(file)).toMatchObject({ form: 'fused', images: IMAGES });

    await withPlugin('data-mnist', 'data-of-somebody');
    const { code, stderr } = await runCli(['validate', file], folder);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("RF-PLUGIN-NOT-FOUND: The plugin 'data-of-somebody'"),
    });
  });
});
