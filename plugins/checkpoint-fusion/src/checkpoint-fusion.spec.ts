import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Callback } from '@refold/core';
import { readModelFile } from '@refold/formats';
import {
  createProvided,
  describeCallback,
  fakeDevice,
  fakeRunContext,
  type FakeRunContext,
} from '@refold/testing';
import plugin from './index.js';

const fusion = (options: object = {}) => createProvided(plugin, Callback, { options });

describeCallback('checkpoint-fusion', () => fusion());

let outputDir: string;
let run: FakeRunContext;
beforeEach(async () => {
  outputDir = mkdtempSync(path.join(tmpdir(), 'refold-fusion-'));
  run = await fakeRunContext(outputDir);
});
afterEach(() => rmSync(outputDir, { recursive: true }));

describe('checkpoint-fusion', () => {
  it('leaves a fused network that loads by itself and answers as the train form does', async () => {
    await (await fusion()).runEnded?.(run);
    const file = path.join(outputDir, 'tiny-fused.safetensors');
    const { graph, weights, ...rest } = await readModelFile(file);
    expect(rest).toMatchObject({
      kind: 'model',
      form: 'fused',
      model: 'tiny',
      classes: run.dataset.classes,
      preprocessing: run.dataset.preprocessing,
      position: null,
    });
    expect(graph.nodes.map(({ op }) => op)).not.toContain('batch_norm');

    const device = fakeDevice();
    const session = await device.load(graph, {
      ...{ kind: 'inference', batchSize: 10, precision: 'float32', weights },
    });
    const plan = { batchSize: 10, seed: 0, epoch: 0, rank: 0, replicas: 1 };
    for await (const batch of run.dataset.validation.batches(plan)) {
      const [expected, received] = [await run.infer(batch), await session.infer(batch)];
      expected.data.forEach((logit, i) => expect(received.data[i]).toBeCloseTo(logit, 5));
    }
  });

  it('says what it measured: in an event, in the result, and in a document beside the network', async () => {
    await (await fusion()).runEnded?.(run);
    const file = path.join(outputDir, 'tiny-fused.safetensors');
    expect(run.reported).toEqual({ fused: file });
    const event = run.events.find(({ type }) => type === 'fused');
    expect(event).toMatchObject({ path: file, regions: 1, left: 0, top1Agreement: 1 });
    const report = JSON.parse(readFileSync(path.join(outputDir, 'tiny-fused.json'), 'utf8'));
    expect(report).toMatchObject({
      output: file,
      regions: [{ ops: expect.arrayContaining(['conv2d', 'batch_norm', 'add']) }],
      left: [],
      network: { top1Agreement: 1, samples: 10 },
      parameters: { train: expect.any(Number), fused: expect.any(Number) },
      macs: { train: expect.any(Number), fused: expect.any(Number) },
    });
    expect(report.regions[0].maxRelError).toBeLessThan(1e-5);
    expect(report.network.maxRelError).toBeLessThan(1e-4);
    expect(report.parameters.fused).toBeLessThan(report.parameters.train);
  });

  it('compares on as many validation images as asked for', async () => {
    await (await fusion({ images: 3 })).runEnded?.(run);
    const report = JSON.parse(readFileSync(path.join(outputDir, 'tiny-fused.json'), 'utf8'));
    expect(report.network.samples).toBe(3);
  });

  it.each(['regionTolerance', 'networkTolerance'])(
    'over the %s fails the run and writes nothing',
    async (tolerance) => {
      await expect((await fusion({ [tolerance]: 1e-30 })).runEnded?.(run)).rejects.toMatchObject({
        code: 'RF-FUSE-TOLERANCE',
        exitCode: 3,
      });
      expect(readdirSync(outputDir)).toEqual([]);
      expect(run.reported).toEqual({});
    },
  );

  it('closes what it loaded, also when it fails', async () => {
    const device = run.device as ReturnType<typeof fakeDevice>;
    await (await fusion({ networkTolerance: 1e-30 })).runEnded?.(run).catch(() => undefined);
    expect(device.calls.filter((call) => call === 'load inference')).toHaveLength(1);
    expect(device.calls.filter((call) => call === 'close session')).toHaveLength(1);
  });

  it('does nothing where it is turned off, and on other ranks than the first', async () => {
    await (await fusion({ atEnd: false })).runEnded?.(run);
    const group = { ...run.device.group, rank: 1 };
    await (await fusion()).runEnded?.({ ...run, device: { ...run.device, group } });
    expect(existsSync(path.join(outputDir, 'tiny-fused.safetensors'))).toBe(false);
  });
});
