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
  const files = (['events', 'predictions'] as const).flatMap((key) =>
    options[key] === undefined ? [] : [[key, `${options[key]}.rank-${rank}`]],
  );
  return { ...options, ...Object.fromEntries(files), quiet: true };
}
