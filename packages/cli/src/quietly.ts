import type { Flags, Plugin } from '@refold/core';

const PROGRESS = '@refold/plugin-progress';

/** Whether the plugin takes part that tells on stderr how a run goes, warnings included. */
export function showsProgress(plugins: readonly Plugin[]): boolean {
  return plugins.some(({ name }) => name === PROGRESS);
}

/** `--quiet` for a run: the progress plugin, where it is listed, says nothing. */
export function quietly(
  flags: Pick<Flags, 'tree' | 'mindcv'>,
  plugins: readonly Plugin[],
): Pick<Flags, 'tree' | 'mindcv'> {
  if (!showsProgress(plugins)) return flags;
  const { value, origins } = flags.tree;
  const progress = { ...(value['progress'] as object | undefined), quiet: true };
  const origin = { kind: 'flag', flag: '--quiet', text: 'true' } as const;
  return {
    ...flags,
    tree: {
      value: { ...value, progress },
      origins: new Map([...origins, ['progress.quiet', origin]]),
    },
  };
}
