import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { launcherEnv, type MpiLauncher } from './mpi-launchers.js';

export interface RanksRun<T> {
  /** Exit code of mpirun; null where it ended by a signal. */
  readonly code: number | null;
  readonly stderr: string;
  /** What each rank wrote with `writeResult`, by rank; undefined for those that wrote nothing. */
  readonly results: readonly (T | undefined)[];
}

/** Milliseconds after which a job that hangs is ended, less than jest gives a test. */
const HANGS_MS = 50_000;

/** Starts a script of this folder on so many ranks, and gives what came of it when all have ended. */
export async function runRanks<T>(
  { command }: MpiLauncher,
  size: number,
  script: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<RanksRun<T>> {
  const dir = mkdtempSync(join(tmpdir(), 'ranks-'));
  try {
    const path = fileURLToPath(new URL(`${script}.js`, import.meta.url));
    const child = spawn(command, ['-n', String(size), process.execPath, path, dir, ...args], {
      env: { ...launcherEnv(), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: HANGS_MS,
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [stderr, code] = await Promise.all([text(child.stderr), ended]);
    return { code, stderr, results: Array.from({ length: size }, (_, rank) => read<T>(dir, rank)) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function read<T>(dir: string, rank: number): T | undefined {
  const path = join(dir, `${rank}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
}
