import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { LAUNCH_ID } from '@refold/core';
import type { Io } from '../io.js';
import { launcherFailed } from './errors.js';
import { exitCodeOfLaunch } from './exit-code-of-launch.js';
import type { Launcher } from './find-launcher.js';
import type { LaunchOptions } from './launch-options.js';
import { launcherStreams } from './launcher-streams.js';
import { launcherArguments, rankEnvironment, thisMachine } from './launcher-arguments.js';

/** How long the launcher may take to end the others once a rank has said why it ended. */
const GRACE_MS = 10_000;

/**
 * Starts a command of refold as several ranks and waits for their end. SIGINT and SIGTERM are passed on as the wish to save
 * a checkpoint and stop; a second one ends the launcher, and so all.
 *
 * @param program what each rank runs
 * @returns the ranks' exit code; where one failed it has said why
 * @throws RefoldError `RF-LAUNCH-RANK-DIED`, `RF-LAUNCH-FAILED`
 */
export async function launchRanks(
  io: Io,
  launcher: Launcher,
  options: LaunchOptions,
  program: readonly string[],
): Promise<number> {
  const machine = thisMachine();
  const args = launcherArguments(launcher.family, options, machine);
  const child = spawn(launcher.command, [...args, ...program], {
    cwd: io.cwd,
    env: { ...process.env, ...rankEnvironment(options, machine), [LAUNCH_ID]: randomUUID() },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal's Ctrl-C reaches this process alone, which passes it on as a wish.
    detached: true,
  });
  const { stderr: messages, stdout: results, notices } = launcherStreams(launcher.family, io);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => results.take(chunk));
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (ended: readonly [null, string]) => void;
  const overdue = new Promise<readonly [null, string]>((resolve) => (giveUp = resolve));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    messages.take(chunk);
    // A launcher waits for hosts that it cannot reach any more. Ranks there end by their own deadline.
    if (messages.hasReason)
      timer ??= setTimeout(() => {
        killGroup(child);
        giveUp([null, 'SIGKILL']);
      }, GRACE_MS);
  });
  let asked = 0;
  const stop = () => child.kill(++asked === 1 ? 'SIGUSR1' : 'SIGTERM');
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const closed = once(child, 'close') as Promise<[number | null, string | null]>;
    const [code, signal] = await Promise.race([closed, overdue]);
    messages.finish();
    results.finish();
    const { hasReason } = messages;
    const told = messages.end ?? results.end;
    const { ranks } = options;
    const exitCode = exitCodeOfLaunch({ ranks, asked, code, hasReason, told, notices });
    if (exitCode !== null) return exitCode;
    throw launcherFailed(launcher.command, code ?? -1, signal ?? '');
  } finally {
    clearTimeout(timer);
    // What could not be ended may hold the other ends.
    child.stdout.destroy();
    child.stderr.destroy();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** The launcher leads a group of its own (`detached`). */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
