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
