import { isRefoldError } from '@refold/graph';
import type { BenchmarkJob } from './benchmark-row.js';
import { measureRow } from './measure-row.js';

/**
 * The process of one row: takes a job as its only argument, and ends its output with a line of JSON, `{ row }` or
 * `{ error }`. Run by `run-row.ts`; importing it measures.
 */
const job = JSON.parse(process.argv[2] ?? '{}') as BenchmarkJob;
const result = await measureRow(job).then(
  (row) => ({ row }),
  (error: unknown) => ({ error: describe(error) }),
);
process.stdout.write(`\n${JSON.stringify(result)}\n`);

function describe(error: unknown): object {
  if (!isRefoldError(error)) return { message: (error as Error).stack ?? String(error) };
  const { code, message, parts } = error;
  return { code, message, exitCode: parts.exitCode ?? 1 };
}
