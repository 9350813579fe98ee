import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { launchedRank } from '@refold/core';

/** Options of a command that writes files. */
interface WritingOptions {
  readonly events?: string;
  readonly predictions?: string;
  readonly quiet?: boolean;
}

/** Of processes that were started together all but rank 0 say nothing, and write to files of their own (`FILE.rank-1`). */
export function ofThisRank<O extends WritingOptions>(options: O): O {
  const { rank } = launchedRank() ?? { rank: 0 };
  if (rank === 0) return options;
  const own = (file: string | undefined) =>
    file === undefined ? undefined : `${file}.rank-${rank}`;
  const events = own(options.events);
  const predictions = own(options.predictions);
  return {
    ...options,
    ...(events && { events }),
    ...(predictions && { predictions }),
    quiet: true,
  };
}

/** Each of several ranks keeps a log in the run's folder, unless `--events` asks for one elsewhere. */
export function withRankLog<O extends WritingOptions>(options: O, outputDir: string): O {
  const launched = launchedRank();
  if (options.events !== undefined || launched === null || launched.size === 1) return options;
  const folder = path.join(outputDir, 'ranks');
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // Opening the file says why.
  }
  return { ...options, events: path.join(folder, `rank-${launched.rank}.jsonl`) };
}
