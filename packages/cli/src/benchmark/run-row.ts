import { spawn } from 'node:child_process';
import path from 'node:path';
import { InternalError, RefoldError } from '@refold/graph';
import { benchmarkEnded } from '../errors.js';
import type { BenchmarkJob, BenchmarkRow } from './benchmark-row.js';

interface Answer {
  readonly row?: BenchmarkRow;
  readonly error?: {
    readonly code?: string;
    readonly message: string;
    readonly exitCode?: 1 | 2 | 3;
  };
}

/**
 * Measures one row in a process of its own, so that its peak memory is its own.
 *
 * @param say takes what that process says on stderr
 * @throws RefoldError what the row's process failed with; `RF-CLI-BENCHMARK` when it ended without a word
 */
export async function runRow(
  job: BenchmarkJob,
  say: (text: string) => void,
): Promise<BenchmarkRow> {
  const file = path.join(import.meta.dirname, 'row-process.js');
  const child = spawn(process.execPath, [file, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', say);
  const how = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? `exit code ${code ?? 'none'}`));
  });
  const { row, error } = answerOf(said);
  if (row) return row;
  if (!error) throw benchmarkEnded(how);
  const { code, message, exitCode } = error;
  if (code === undefined) throw new InternalError(`Measuring failed: ${message}\n`);
  throw new RefoldError(code, { message, ...(exitCode && { exitCode }) });
}

function answerOf(said: string): Answer {
  try {
    return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Answer;
  } catch {
    return {};
  }
}
