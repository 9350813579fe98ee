import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { readModelFile, writeModelFile } from '@refold/formats';
import { writeImageFolder } from './spec-kit/image-folder.js';
import { readEvents } from './spec-kit/read-events.js';
import { runCli, type CliResult } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { tinyConfig, writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const output = path.join(folder, 'out');

/** Trains with a variation of the tiny configuration. */
async function trainWith(change: (text: string) => string, ...more: string[]): Promise<CliResult> {
  const config = writeTinyConfig(folder, change);
  return runCli(['train', '-c', config, '--output-dir', output, ...more]);
}

function expectMessage(result: CliResult, exit: number, code: string, ...words: string[]): void {
  expect({ exit: result.code, stderr: result.stderr }).toMatchObject({
    exit,
    stderr: expect.stringContaining(code),
  });
  for (const word of words) expect(result.stderr).toContain(word);
  expect(result.stderr).not.toMatch(/^\s+at /m);
}

function flipBit(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  return bytes;
}

const imageConfig = (text: string): string =>
  text
    .replace('data-mnist', 'data-imagenet')
    .replace(
      /data: .*/,
      `data: { use: imagenet, dir: ${path.join(folder, 'images')}, batchSize: 4, resolution: 32, workers: 1 }`,
    );

describe('a configuration at fault', () => {
  it('unknown key: names the nearest', async () => {
    const result = await trainWith((text) => text.replace('weightDecay', 'weigthDecay'));
    expectMessage(result, 1, 'RF-CONFIG-UNKNOWN-KEY', 'weightDecay', 'config.yaml:');
  });

  it('wrong type', async () => {
    const result = await trainWith((text) => text.replace('epochs: 2', 'epochs: many'));
    expectMessage(result, 1, 'RF-CONFIG-TYPE', 'epochs', 'Expected', 'Received');
  });

  it('a plugin that is not installed', async () => {
    const result = await trainWith((text) => text.replace('data-mnist', 'data-mnits'));
    expectMessage(result, 1, 'RF-PLUGIN-NOT-FOUND', "'data-mnist'");
  });

  it('two plugins that provide the same thing', async () => {
    const twin = path.join(folder, 'twin.mjs');
    const graph = 'create: () => ({ name: "x" })';
    const point = '{ name: "Model", section: "model", cardinality: "one" }';
    writeFileSync(
      twin,
      `export default { name: 'twin', apiVersion: 1, setup({ provide }) { provide(${point}, { use: ['repvgg'], ${graph} }); } };`,
    );
    const result = await trainWith((text) =>
      text.replace('[model-repvgg', `[${twin}, model-repvgg`),
    );
    expectMessage(result, 1, 'RF-PLAN-DUPLICATE', 'twin', '@refold/plugin-model-repvgg');
  });

  it('an unknown flag is a usage error', async () => {
    const result = await trainWith((text) => text, '--epocs', '3');
    expectMessage(result, 2, 'RF-USAGE-UNKNOWN-FLAG', '--epochs');
  });

  it('leaves nothing behind', () => expect(existsSync(output)).toBe(false));
});

describe('data at fault', () => {
  beforeAll(() => writeImageFolder(path.join(folder, 'images')));

  it('a folder that is not there', async () => {
    const result = await trainWith((text) => imageConfig(text), '--data-dir', '/no/such/folder');
    expectMessage(result, 1, 'RF-DATA-NO-FOLDER', '/no/such/folder');
  });

  it('a folder without classes', async () => {
    const empty = path.join(folder, 'empty');
    mkdirSync(path.join(empty, 'train'), { recursive: true });
    mkdirSync(path.join(empty, 'val'), { recursive: true });
    const result = await trainWith((text) => imageConfig(text), '--data-dir', empty);
    expectMessage(result, 1, 'RF-DATA-NO-CLASSES');
  });

  it('a corrupt and an empty image are replaced and counted', async () => {
    const damaged = path.join(folder, 'damaged');
    cpSync(path.join(folder, 'images'), damaged, { recursive: true });
    writeFileSync(path.join(damaged, 'train', 'cats', '0.jpg'), '');
    const jpeg = readFileSync(path.join(damaged, 'train', 'dogs', '1.jpg'));
    writeFileSync(path.join(damaged, 'train', 'dogs', '1.jpg'), jpeg.subarray(0, 200));
    const log = path.join(folder, 'damaged.jsonl');
    const flags = ['--data-dir', damaged, '--events', log, '--data.maxCorrupt', '0.5'];
    const result = await trainWith((text) => imageConfig(text), ...flags, '--epochs', '1');
    expect(result).toMatchObject({ code: 0 });
    const replaced = readEvents(log).filter((event) => event.type === 'sample-replaced');
    expect(replaced.map((event) => path.basename(event.path)).sort()).toEqual(['0.jpg', '1.jpg']);
  });

  it('too many corrupt images end the run with their list', async () => {
    const flags = ['--data-dir', path.join(folder, 'damaged'), '--data.maxCorrupt', '0.05'];
    const result = await trainWith((text) => imageConfig(text), ...flags, '--epochs', '1');
    expectMessage(result, 1, 'RF-DATA-TOO-MANY-CORRUPT', '0.jpg');
  });
});

describe('checkpoints at fault', () => {
  const config = path.join(folder, 'config.yaml');
  const checkpoints = path.join(output, 'checkpoints');
  let newest = '';

  beforeAll(async () => {
    const result = await trainWith((text) => text, '--json', '--max-steps', '4');
    expect(result).toMatchObject({ code: 0 });
    newest = (JSON.parse(result.stdout) as RunResult).checkpoint!;
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['with a flipped bit', (bytes: Buffer) => flipBit(bytes, bytes.length - 9)],
    ['empty', () => Buffer.alloc(0)],
  ])(
    '%s: named, it is refused; resuming falls back to the newest good one',
    async (how, damage) => {
      const copy = path.join(folder, `copy ${how}`);
      cpSync(output, copy, { recursive: true });
      const file = path.join(copy, path.relative(output, newest));
      writeFileSync(file, damage(readFileSync(file)));
      const named = await runCli(['validate', '-c', config, '--ckpt_path', file]);
      expectMessage(named, 1, 'RF-FILE-', path.basename(file));

      const log = path.join(copy, 'events.jsonl');
      const flags = ['--output-dir', copy, '--resume', 'auto', '--events', log, '--max-steps', '6'];
      expect(await runCli(['train', '-c', config, ...flags])).toMatchObject({ code: 0 });
      const events = readEvents(log);
      expect(events).toContainEqual(
        expect.objectContaining({
          type: 'warned',
          message: expect.stringContaining(path.basename(newest)),
        }),
      );
      expect(events.find(({ type }) => type === 'run-started')).toMatchObject({
        resumedFrom: { step: 3 },
      });
    },
  );

  it('of another model', async () => {
    const flags = ['--resume', newest, '--output-dir', path.join(folder, 'other')];
    const result = await trainWith(
      (text) => text.replace('widths: [4, 8]', 'widths: [4, 6]'),
      ...flags,
    );
    expectMessage(result, 1, 'RF-CHECKPOINT-OTHER-MODEL');
  });

  it('an unreachable tolerance fails with 3 and writes nothing', async () => {
    const target = path.join(folder, 'never.safetensors');
    const flags = ['--region-tolerance', '1e-30', '--network-tolerance', '1e-30'];
    const report = path.join(folder, 'never.json');
    const result = await runCli(['fuse', newest, '-o', target, '--report', report, ...flags]);
    expectMessage(result, 3, 'RF-FUSE-TOLERANCE');
    expect([target, report].filter((file) => existsSync(file))).toEqual([]);
    expect(readdirSync(checkpoints).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('a network whose answers are not numbers fails its validation with 3', async () => {
    const file = path.join(folder, 'nan.safetensors');
    const saved = await readModelFile(newest);
    const [name] = saved.weights.keys();
    saved.weights.get(name!)!.data.fill(NaN);
    await writeModelFile(file, saved);
    const result = await runCli(['validate', '-c', config, file]);
    expectMessage(result, 3, 'RF-CLI-NON-FINITE', 'nan.safetensors');
  });

  it('a loss that is not finite ends the run with 3', async () => {
    const blown = tinyConfig.replace('base: 0.05', 'base: 1.0e+30');
    const flags = ['--output-dir', path.join(folder, 'blown')];
    const result = await trainWith(
      () => blown.replace('warmupEpochs: 1', 'warmupEpochs: 0'),
      ...flags,
    );
    expectMessage(result, 3, 'RF-RUN-NON-FINITE-LOSS');
  });
});
