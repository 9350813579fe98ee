import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { lossesOf, readEvents } from './spec-kit/read-events.js';
import { runCli, startCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';
import { stepsReached } from './spec-kit/watch-steps.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder);
const STEPS = 20;

function args(name: string, ...more: string[]): string[] {
  const output = path.join(folder, name);
  return ['train', '-c', config, '--output-dir', output, '--json', ...more];
}

/** Calls `act` once the log holds this many steps; resolves when the process has ended. */
async function actAfter(log: string, steps: number, name: string, act: 'SIGKILL' | 'SIGINT') {
  const { child, done } = startCli(args(name, '--events', log, '--resume', 'auto'));
  void stepsReached(log, steps).then(() => child.kill(act));
  const result = await done;
  return result;
}

describe('a run that was cut short and resumed', () => {
  it('has, step by step, the losses of an uninterrupted one after SIGKILL at random moments', async () => {
    const whole = path.join(folder, 'whole.jsonl');
    expect((await runCli(args('whole', '--events', whole))).code).toBe(0);
    const expected = lossesOf(readEvents(whole));
    expect(expected.size).toBe(STEPS);

    const seen = new Map<number, string>();
    for (let attempt = 0; attempt < 3; attempt++) {
      const log = path.join(folder, `killed-${attempt}.jsonl`);
      const moment = 1 + Math.floor(Math.random() * 6);
      expect((await actAfter(log, moment, 'killed', 'SIGKILL')).code).toBeNull();
      for (const [step, loss] of lossesOf(readEvents(log))) seen.set(step, loss);
    }
    const last = path.join(folder, 'killed-last.jsonl');
    expect((await runCli(args('killed', '--events', last, '--resume', 'auto'))).code).toBe(0);
    const resumed = readEvents(last);
    expect(resumed.find(({ type }) => type === 'run-started')).not.toMatchObject({
      resumedFrom: null,
    });
    for (const [step, loss] of lossesOf(resumed)) seen.set(step, loss);
    expect(new Map([...seen].sort(([a], [b]) => a - b))).toEqual(expected);
  });

  it('exits with 130 on SIGINT, says where the checkpoint is, and goes on from there', async () => {
    const log = path.join(folder, 'interrupted.jsonl');
    const { code, stdout, stderr } = await actAfter(log, 3, 'interrupted', 'SIGINT');
    expect(code).toBe(130);
    expect(stderr).toContain('SIGINT');
    const result = JSON.parse(stdout) as RunResult;
    expect(result).toMatchObject({ interrupted: true });
    expect(existsSync(result.checkpoint!)).toBe(true);

    const { code: second, stdout: text } = await runCli(args('interrupted', '--resume', 'auto'));
    expect(second).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ interrupted: false, steps: STEPS, epochs: 2 });
  });
});
