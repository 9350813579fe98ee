import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';

/** The repository's root, seen from `e2e/dist/support`. */
export const root = path.resolve(import.meta.dirname, '..', '..', '..');
const bin = path.join(root, 'packages', 'cli', 'bin', 'refold.js');

export interface CliResult {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly done: Promise<CliResult>;
}

/** Starts `refold` as a process of its own, as a user does. @param env beside this process's */
export function startCli(
  args: readonly string[],
  cwd: string = root,
  env: NodeJS.ProcessEnv = {},
): CliProcess {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done };
}

/** Runs `refold` to its end. */
export function runCli(
  args: readonly string[],
  cwd?: string,
  env?: NodeJS.ProcessEnv,
): Promise<CliResult> {
  return startCli(args, cwd, env).done;
}
