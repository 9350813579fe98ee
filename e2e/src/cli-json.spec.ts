import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import sharp from 'sharp';
import { readEvents } from './spec-kit/read-events.js';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder, (text) => text.replace('validateEvery: 0', ''));
const log = path.join(folder, 'events.jsonl');
const image = path.join(folder, 'digit.png');
const small = ['--data.validationSize', '60'];
let trained: RunResult;

/** What a command prints with `--json --quiet`, having made sure that it is all that it prints. */
async function documentOf(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runCli([...args, '--json', '--quiet'], folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const document: unknown = JSON.parse(stdout);
  expect(stdout).toBe(`${JSON.stringify(document)}\n`);
  return document;
}

const text: unknown = expect.any(String);
const number: unknown = expect.any(Number);
const isoTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const bothForms = { train: number, fused: number };
const listOf = (item: unknown): unknown => expect.arrayContaining([item]);

beforeAll(async () => {
  const flags = ['--output-dir', 'out', '--epochs', '1', '--events', log, ...small];
  trained = (await documentOf('train', '-c', config, ...flags)) as RunResult;
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#123456' } }).toFile(
    image,
  );
});

describe('--json --quiet prints one JSON document on stdout and nothing on stderr', () => {
  it('train', () => {
    expect(trained).toEqual({
      outputDir: path.join(folder, 'out'),
      epochs: 1,
      steps: 10,
      bestTop1: number,
      finalTop1: number,
      checkpoint: expect.stringMatching(/epoch-0001-step-000010\.safetensors$/),
      fused: expect.stringMatching(/repvgg-fused\.safetensors$/),
      seconds: number,
      interrupted: false,
    });
  });

  it.each(['train', 'fused'])('validate, %s form', async (form) => {
    const args = ['validate', trained.checkpoint!, '--form', form];
    expect(await documentOf(...args)).toEqual({
      model: 'repvgg',
      form,
      images: 60,
      top1: trained.finalTop1,
      top5: number,
      loss: number,
      imagesPerSecond: number,
      device: 'wasm',
    });
  });

  it('fuse', async () => {
    const output = path.join(folder, 'again.safetensors');
    const document = await documentOf('fuse', trained.checkpoint!, '-o', output);
    expect(document).toMatchObject({
      input: trained.checkpoint,
      output,
      regions: listOf({
        name: text,
        ops: listOf('conv2d'),
        maxAbsError: number,
        maxRelError: number,
      }),
      left: [],
      network: { maxAbsError: number, maxRelError: number, top1Agreement: number },
      parameters: bothForms,
      macs: bothForms,
    });
  });

  it('predict', async () => {
    const document = await documentOf('predict', trained.fused!, image, 'digit.png', '--top', '3');
    const likely = { class: text, index: number, probability: number };
    const top = [likely, likely, likely];
    expect(document).toEqual([
      { image, top },
      { image: 'digit.png', top },
    ]);
  });

  it('plan', async () => {
    const document = await documentOf('plan', '-c', config);
    expect(document).toMatchObject({
      parameters: bothForms,
      buffers: number,
      macs: bothForms,
      globalBatch: 16,
      referenceGlobalBatch: 256,
      rate: 0.05,
      steps: 20,
      memoryBytes: number,
      device: { name: 'wasm', library: text, reason: text },
      warnings: [],
    });
    const { providers } = document as {
      providers: { point: string; plugin: string; name: string }[];
    };
    expect(providers[0]).toEqual({
      point: 'Model',
      plugin: '@refold/plugin-model-repvgg',
      name: 'repvgg',
    });
    const chain = providers.filter(({ point }) => point === 'LearningRatePolicy');
    expect(chain.map(({ plugin }) => plugin)).toEqual([
      '@refold/plugin-lr-schedules',
      '@refold/plugin-lr-scaling',
    ]);
  });

  it('doctor', async () => {
    expect(await documentOf('doctor')).toMatchObject({
      node: process.version,
      platform: text,
      cpu: { model: text, cores: number },
      devices: listOf({ name: 'wasm', usable: true, library: text, reason: text }),
      tools: expect.objectContaining({ python3: expect.anything() }),
    });
  });

  it.each([
    ['config', { seed: 3, data: { use: 'mnist', batchSize: 16 } }],
    [
      'plugins',
      listOf(expect.objectContaining({ name: 'model-repvgg', provides: expect.anything() })),
    ],
    ['setup', ['mpi', 'onednn', 'tensorflow'].map((name) => ({ name, description: text }))],
  ])('%s', async (command, expected) => {
    const args = command === 'config' ? ['-c', config] : [];
    const document = await documentOf(command, ...args);
    if (Array.isArray(document)) expect(document).toEqual(expected);
    else expect(document).toMatchObject(expected as object);
  });
});

describe('--events', () => {
  it('holds every event of a run, each a line', () => {
    const events = readEvents(log);
    const types = events.map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(['run-started', 'run-completed']);
    expect(types.filter((type) => type === 'step-completed')).toHaveLength(10);
    expect(new Set(types)).toEqual(
      new Set([
        'run-started',
        'step-completed',
        'validated',
        'epoch-completed',
        'checkpoint-saved',
        'fused',
        'run-completed',
      ]),
    );
    expect(events.at(-1)).toMatchObject({ result: trained });
    for (const event of events) expect(event).toHaveProperty('at', isoTime);
  });

  it('has those of validate and fuse, too', async () => {
    const file = path.join(folder, 'more.jsonl');
    await documentOf('validate', trained.fused!, '--events', file);
    expect(readEvents(file)).toMatchObject([{ type: 'validated', images: 60 }]);
    const output = path.join(folder, 'third.safetensors');
    await documentOf('fuse', trained.checkpoint!, '-o', output, '--events', file);
    expect(readEvents(file)).toMatchObject([{ type: 'fused', path: output, top1Agreement: 1 }]);
  });
});

describe('without --json and --quiet', () => {
  it('progress goes to stderr, the result to stdout', async () => {
    const { code, stdout, stderr } = await runCli(['validate', trained.fused!], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^repvgg \(fused form\), 60 images on wasm: top-1 [\d.]+ %.* img\/s\n$/);
    expect(stderr).toMatch(/^(\d+ \/ 60 images\n)+$/);
  });
});
