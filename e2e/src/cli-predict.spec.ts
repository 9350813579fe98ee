import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { writeImageFolder } from './spec-kit/image-folder.js';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const photos = path.join(folder, 'photos');
const elsewhere = path.join(folder, 'elsewhere');
const cats = [0, 1].map((i) => path.join(photos, 'val', 'cats', `${i}.jpg`));
let trained: RunResult;

/** Every image is grey to it. */
const GREY_READER = `
const ImageReader = { name: 'ImageReader', section: null, cardinality: 'one' };
const read = async (file, { crop, channels }) => ({
  images: 1, channels, height: crop, width: crop, layout: 'NHWC',
  data: new Uint8Array(crop * crop * channels).fill(127),
});
const create = () => ({ read, close: async () => {} });
export default {
  name: 'grey', apiVersion: 1, setup({ provide }) { provide(ImageReader, { create }); },
};`;

interface Answer {
  readonly image: string;
  readonly top: { class: string; index: number; probability: number }[];
}

beforeAll(async () => {
  await writeImageFolder(photos);
  mkdirSync(elsewhere);
  const data = `data: { use: imagenet, dir: ${photos}, batchSize: 4, resolution: 32, workers: 1 }`;
  const config = writeTinyConfig(folder, (text) =>
    text.replace('data-mnist', 'data-imagenet').replace(/data: .*/, data),
  );
  const flags = ['--output-dir', 'out', '--epochs', '1', '--json', '--quiet'];
  const { code, stdout } = await runCli(['train', '-c', config, ...flags], folder);
  expect(code).toBe(0);
  trained = JSON.parse(stdout) as RunResult;
});

describe('predict, in a folder with nothing in it', () => {
  it('names classes of several images, as validate does', async () => {
    const args = ['predict', trained.fused!, ...cats, '--device', 'wasm', '--json'];
    const { code, stdout } = await runCli(args, elsewhere);
    expect(code).toBe(0);
    const answers = JSON.parse(stdout) as Answer[];
    expect(answers.map(({ image }) => image)).toEqual(cats);
    for (const { top } of answers) {
      expect(top.map((one) => one.class).sort()).toEqual(['cats', 'dogs']);
      for (const one of top) expect(one.class).toBe(['cats', 'dogs'][one.index]);
      expect(top[0]!.probability + top[1]!.probability).toBeCloseTo(1, 12);
      expect(top[0]!.probability).toBeGreaterThanOrEqual(top[1]!.probability);
    }

    const file = path.join(folder, 'predictions.jsonl');
    const validate = ['validate', trained.fused!, '--predictions', file];
    expect(await runCli(validate, elsewhere)).toMatchObject({ code: 0 });
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, 2);
    for (const [i, line] of lines.entries()) {
      const { image, label, predicted, probability } = JSON.parse(line) as Record<string, unknown>;
      expect(cats[i]).toContain(image);
      expect([label, predicted]).toEqual(['cats', answers[i]!.top[0]!.class]);
      expect(probability).toBeCloseTo(answers[i]!.top[0]!.probability, 6);
    }
  });

  it('says the same of a checkpoint, in either form', async () => {
    const answersOf = async (...args: string[]): Promise<Answer[]> => {
      const flags = ['--device', 'wasm', '--json'];
      const { code, stdout } = await runCli(['predict', ...args, cats[0]!, ...flags], elsewhere);
      expect(code).toBe(0);
      return JSON.parse(stdout) as Answer[];
    };
    const [train] = await answersOf(trained.checkpoint!);
    const [fused] = await answersOf(trained.checkpoint!, '--form', 'fused');
    expect(fused!.top[0]!.class).toBe(train!.top[0]!.class);
    expect(fused!.top[0]!.probability).toBeCloseTo(train!.top[0]!.probability, 5);
  });

  it('cannot say what a fused file said in its train form', async () => {
    const args = ['predict', trained.fused!, cats[0]!, '--form', 'train'];
    const result = await runCli(args, elsewhere);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('RF-CLI-FORM') });
  });

  it('writes for people without --json, as many classes as --top says', async () => {
    const args = ['predict', trained.fused!, cats[0]!, '--top', '1', '--device', 'wasm'];
    const { code, stdout, stderr } = await runCli(args, elsewhere);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^.*0\.jpg\n +\d+\.\d\d % {2}(cats|dogs)\n$/);
  });

  it('takes the device of a configuration that reads no images', async () => {
    const config = path.join(folder, 'mnist.yaml');
    writeFileSync(config, 'plugins: [data-mnist]\ndata: { use: mnist }\ndevice: { use: wasm }\n');
    const args = ['predict', '-c', config, trained.fused!, cats[0]!];
    expect(await runCli(args, elsewhere)).toMatchObject({ code: 0 });
  });

  it('reads images with the plugin that says it does, in the place of data-imagenet', async () => {
    writeFileSync(path.join(elsewhere, 'grey.mjs'), GREY_READER);
    const answersOf = async (image: string): Promise<unknown> => {
      const flags = ['--plugins', '[./grey.mjs]', '--device', 'wasm', '--json'];
      const { code, stdout, stderr } = await runCli(
        ['predict', trained.fused!, image, ...flags],
        elsewhere,
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return (JSON.parse(stdout) as Answer[])[0]!.top;
    };
    expect(await answersOf('no-such-file.raw')).toEqual(await answersOf(cats[0]!));
  });

  it('needs no folder of data-imagenet when that is listed', async () => {
    const flags = ['--plugins', '[data-imagenet]', '--device', 'wasm'];
    const args = ['predict', trained.fused!, cats[0]!, ...flags];
    expect(await runCli(args, elsewhere)).toMatchObject({ code: 0 });
  });

  it.each<[string, (file: string) => void]>([
    ['empty', (file) => writeFileSync(file, '')],
    ['cut short', (file) => writeFileSync(file, readFileSync(cats[0]!).subarray(0, 200))],
    ['no image', (file) => writeFileSync(file, 'Dear diary')],
    ['missing', () => undefined],
  ])(
    'fails with 1 on a file that is %s, names it, and prints no half result',
    async (how, write) => {
      const file = path.join(elsewhere, `${how}.jpg`);
      write(file);
      const args = ['predict', trained.fused!, cats[0]!, file, '--device', 'wasm', '--json'];
      const { code, stdout, stderr } = await runCli(args, elsewhere);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('RF-DATA-IMAGE-UNREADABLE');
      expect(stderr).toContain(file);
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );

  it('fails with 1 on a file that is no model', async () => {
    const result = await runCli(['predict', cats[0]!, cats[1]!], elsewhere);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('RF-FILE-') });
  });
});
