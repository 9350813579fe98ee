import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { killRank } from './spec-kit/kill-rank.js';
import { launchers } from './spec-kit/mpi.js';
import { lossesOf, readEvents } from './spec-kit/read-events.js';
import { root, runCli, startCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';
import { stepsReached } from './spec-kit/watch-steps.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder, (text) =>
  text.replace('everySteps: 1', 'everySteps: 2').replace('batchSize: 16', 'batchSize: 8'),
);
const codesIn = (text: string) => text.match(/RF-[A-Z-]+/g);

if (launchers.length === 0)
  it.skip('refold launch (no mpirun: apt-get install openmpi-bin)', () => undefined);

for (const [family, command] of launchers)
  describe(`refold launch by ${family}`, () => whatLaunchersDo(family, command));

/** Resolves once a process has written these words. */
function said(stream: Readable, words: string): Promise<void> {
  let text = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
  });
}

/** Each in its own way. */
function whatLaunchersDo(family: string, command: string): void {
  const env = { REFOLD_MPIRUN: command };
  const outputOf = (name: string) => path.join(folder, family, name);
  const logOf = (name: string) => path.join(folder, `${family}-${name}.jsonl`);
  const launch = (name: string) => [
    ...['launch', '-n', '2', '--threads', '1', '--', 'train', '-c', config, '--epochs', '40'],
    ...['--output-dir', outputOf(name), '--events', logOf(name), '--json'],
  ];

  // MPICH's launcher ends the others by the same signal, and names one of them now and then; or none, once it has passed a
  // signal on.
  const killedRank =
    family === 'MPICH'
      ? /Rank [01] on \S+, or another before it, was ended by signal 9/
      : /Rank 1 on \S+ was ended by signal 9/;

  it('ends all ranks when one is killed, says which, and leaves a checkpoint to go on from', async () => {
    const args = launch('killed');
    const { done } = startCli(args, root, env);
    await stepsReached(logOf('killed'), 6);
    killRank(1, outputOf('killed'));
    const { code, stdout, stderr } = await done;
    expect({ code, stdout, codes: codesIn(stderr) }).toEqual({
      ...{ code: 1, stdout: '', codes: ['RF-LAUNCH-RANK-DIED'] },
    });
    expect(stderr).toMatch(killedRank);
    const more = ['--resume', 'auto', '--max-steps', '20'];
    const again = await runCli([...args, ...more], root, env);
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(again.stdout)).toMatchObject({ steps: 20 });
  });

  it('stops all ranks at one step when it is interrupted', async () => {
    const { child, done } = startCli(launch('stopped'), root, env);
    await stepsReached(logOf('stopped'), 3);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await done;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    const result = JSON.parse(stdout) as RunResult;
    expect(result).toMatchObject({ interrupted: true });
    expect(existsSync(result.checkpoint!)).toBe(true);
    // The other rank's events are beside it.
    const steps = [logOf('stopped'), `${logOf('stopped')}.rank-1`].map(
      (file) => lossesOf(readEvents(file)).size,
    );
    expect(steps).toEqual([result.steps, result.steps]);
  });

  // Intel MPI's launcher passes no signal on while a rank stands still.
  const itWhileOneStands = family === 'Intel MPI' ? it.skip : it;
  itWhileOneStands('says that a rank was killed while all were stopping', async () => {
    const { child, done } = startCli(launch('stopping'), root, env);
    await stepsReached(logOf('stopping'), 3);
    // The others wait for this one.
    killRank(1, outputOf('stopping'), 'SIGSTOP');
    child.kill('SIGINT');
    await said(child.stderr, 'Interrupted');
    killRank(1, outputOf('stopping'));
    const { code, stdout, stderr } = await done;
    expect({ code, stdout, codes: codesIn(stderr) }).toEqual({
      ...{ code: 1, stdout: '', codes: ['RF-LAUNCH-RANK-DIED'] },
    });
    const lost = /A rank ended without a word/;
    expect(stderr).toMatch(
      family === 'MPICH' ? new RegExp(`${killedRank.source}|${lost.source}`) : killedRank,
    );
  });

  it('ends all ranks at once when it is interrupted twice', async () => {
    const { child, done } = startCli(launch('ended'), root, env);
    await stepsReached(logOf('ended'), 3);
    child.kill('SIGINT');
    // Another, since two of a kind may arrive as one.
    child.kill('SIGTERM');
    const { code, stderr } = await done;
    expect({ code, codes: codesIn(stderr) }).toEqual({ code: 130, codes: null });
  });

  it.each([1, 3])('says the mistake of %i ranks once, with its exit code', async (ranks) => {
    const train = ['train', '-c', config, '--rate.base', 'much'];
    const args = ['launch', '-n', String(ranks), '--', ...train];
    const { code, stdout, stderr } = await runCli(args, root, env);
    expect({ code, stdout, codes: codesIn(stderr) }).toEqual({
      ...{ code: 1, stdout: '', codes: ['RF-CONFIG-TYPE'] },
    });
    expect(stderr).toMatch(ranks === 1 ? /^RF-/ : /^Rank \d of 3 on /);
  });
}
