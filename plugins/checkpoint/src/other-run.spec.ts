import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeRunContext, type FakeRunContext } from '@refold/testing';
import { loadCheckpoint } from './load-checkpoint.js';
import { saveCheckpoint } from './save-checkpoint.js';

let outputDir: string;
let run: FakeRunContext;
beforeEach(async () => {
  outputDir = mkdtempSync(path.join(tmpdir(), 'refold-other-run-'));
  run = await fakeRunContext(outputDir);
});
afterEach(() => rmSync(outputDir, { recursive: true }));

const settings = { data: { batchSize: 8, accumulate: 2 }, seed: 42, epochs: 2 };

/** Loads, in a run with `after`, what a run with `before` saved after two steps. */
async function resumed(
  after: object,
  before: object = {},
  group: object = {},
  classes = run.dataset.classes,
) {
  const position = { epoch: 0, batch: 4, step: 2 };
  const saver = { ...run, position, config: { ...settings, ...before } };
  const state = async () => ({ ...(await run.state()), position });
  const file = await saveCheckpoint({ ...saver, state }, 1);
  return loadCheckpoint(file, {
    ...run,
    config: { ...settings, ...after },
    device: { ...run.device, group: { ...run.device.group, ...group } },
    dataset: { ...run.dataset, classes },
  });
}

describe('resuming a run with other settings', () => {
  it.each([
    ['batch size', { data: { batchSize: 4, accumulate: 2 } }, 'data.batchSize 4', 'batchSize 8'],
    ['accumulation', { data: { batchSize: 8, accumulate: 1 } }, 'data.accumulate 1', 'mulate 2'],
    ['seed', { seed: 7 }, 'seed 7', 'seed 42'],
    [
      'seed and batch size',
      { seed: 7, data: { batchSize: 1, accumulate: 2 } },
      'Expected seed 7, data.batchSize 1',
      'Received seed 42, data.batchSize 8',
    ],
  ])('is refused: another %s', async (_, after, ours, theirs) => {
    const error: unknown = await resumed(after).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'RF-CHECKPOINT-OTHER-RUN', exitCode: 1 });
    expect((error as Error).message).toContain(ours);
    expect((error as Error).message).toContain(theirs);
  });

  it('is refused: other classes, by name or number', async () => {
    const { classes } = run.dataset;
    const renamed = [...classes.slice(0, -1), 'other'];
    await expect(resumed({}, {}, {}, renamed)).rejects.toMatchObject({
      code: 'RF-CHECKPOINT-OTHER-RUN',
      message: expect.stringContaining(`class ${classes.length - 1} 'other'`),
    });
    await expect(resumed({}, {}, {}, [...classes, 'one more'])).rejects.toMatchObject({
      code: 'RF-CHECKPOINT-OTHER-RUN',
      message: expect.stringContaining(`number of classes ${classes.length + 1}`),
    });
  });

  it('goes on with other epochs, limits, rate, folder or device', async () => {
    const after = {
      ...{ epochs: 9, maxSteps: 5, rate: { base: 1 } },
      ...{ outputDir: 'elsewhere', device: { use: 'other' } },
    };
    expect((await resumed(after)).position).toEqual({ epoch: 0, batch: 4, step: 2 });
  });

  it('goes on at the same sample where the same global batch is put together otherwise', async () => {
    const whole = { data: { batchSize: 16, accumulate: 1 } };
    expect((await resumed(whole)).position).toEqual({ epoch: 0, batch: 2, step: 2 });
    const quarters = { data: { batchSize: 4, accumulate: 4 } };
    expect((await resumed(quarters)).position).toEqual({ epoch: 0, batch: 8, step: 2 });
  });

  it('leaves the batch to the user in a group, and where the file does not say', async () => {
    const halved = { data: { batchSize: 4, accumulate: 2 } };
    await expect(resumed(halved, {}, { size: 2 })).resolves.toBeDefined();
    await expect(resumed(halved, { data: {} })).resolves.toBeDefined();
  });
});
