import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeRunContext, type FakeRunContext } from '@refold/testing';
import { prune, setAsideLater } from './checkpoint-folder.js';
import { prepareFolder } from './prepare-folder.js';
import { saveBest, saveCheckpoint } from './save-checkpoint.js';

let outputDir: string;
let folder: string;
let run: FakeRunContext;
beforeEach(async () => {
  outputDir = mkdtempSync(path.join(tmpdir(), 'refold-checkpoint-folder-'));
  folder = path.join(outputDir, 'checkpoints');
  run = await fakeRunContext(outputDir);
});
afterEach(() => rmSync(outputDir, { recursive: true }));

const BEST = 'best.safetensors';
const FIFTH = 'epoch-0001-step-000005.safetensors';
const unusable = { code: 'RF-CHECKPOINT-FOLDER', exitCode: 1 };

describe('setAsideLater', () => {
  it('takes a best from beyond the step the run goes on from, and leaves one from before', async () => {
    run.position = { epoch: 1, batch: 0, step: 3 };
    await saveBest(run);
    expect(await setAsideLater(folder, 3, false)).toEqual([]);
    expect(await setAsideLater(folder, 2, false)).toEqual([BEST]);
    expect(readdirSync(folder)).toEqual([`superseded-${BEST}`]);
  });

  it('takes a best that cannot be read', async () => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, BEST), 'x');
    expect(await setAsideLater(folder, 9, false)).toEqual([BEST]);
  });

  it('never overwrites what was set aside before', async () => {
    mkdirSync(folder);
    for (const text of ['a', 'b', 'c']) {
      for (const name of [BEST, FIFTH]) writeFileSync(path.join(folder, name), text);
      await setAsideLater(folder, 0, true);
    }
    for (const name of [BEST, FIFTH]) {
      const kept = ['superseded-', 'superseded-2-', 'superseded-3-'].map((prefix) =>
        readFileSync(path.join(folder, prefix + name), 'utf8'),
      );
      expect(kept).toEqual(['a', 'b', 'c']);
    }
    expect(readdirSync(folder)).toHaveLength(6);
  });
});

describe('a folder that cannot be used', () => {
  it('is known before the run starts, and leaves nothing where it can', async () => {
    await prepareFolder(folder);
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file in its place');
    await expect(prepareFolder(folder)).rejects.toMatchObject({
      ...unusable,
      message: expect.stringMatching(/checkpoints: .*EEXIST/),
    });
  });

  it("is the user's to mend while saving, setting aside and pruning, too", async () => {
    mkdirSync(path.join(folder, FIFTH), { recursive: true });
    await expect(prune(folder, 0)).rejects.toMatchObject(unusable);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file in its place');
    await expect(saveCheckpoint(run, 1)).rejects.toMatchObject(unusable);
    await expect(setAsideLater(folder, 0, true)).rejects.toMatchObject(unusable);
  });
});

describe('a state that is not finite', () => {
  it.each([
    ['block.conv_kxk.conv.weight', NaN],
    ['block.conv_kxk.bn.running_var', Infinity],
  ])('is not saved: %s', async (name, value) => {
    const state = await run.state();
    expect([...state.tensors.keys()]).toContain(name);
    state.tensors.get(name)!.data[1] = value;
    const blown = { ...run, state: async () => state };
    for (const save of [() => saveCheckpoint(blown, 1), () => saveBest(blown)]) {
      await expect(save()).rejects.toMatchObject({
        code: 'RF-CHECKPOINT-NON-FINITE',
        exitCode: 3,
        message: expect.stringContaining(`'${name}'`),
      });
    }
    expect(existsSync(folder)).toBe(false);
  });
});
