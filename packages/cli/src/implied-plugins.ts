import { installedPlugins, launchedRank } from '@refold/core';

/** Device plugins that come with Refold, used when the configuration lists none (docs/adr/0003). */
const BUILT_IN_DEVICES = ['device-onednn', 'device-tfjs'];

const WRAPPER = 'device-distributed';

/**
 * The listed plugins, and the built-in device plugins that are installed where the list names no device
 * plugin: recipes need not say on what they run, and `device: auto` still finds the fastest. Processes that a launcher of MPI
 * started get the device that joins them, too; one alone computes then as each of several does.
 */
export function withImpliedPlugins(listed: readonly string[], from: readonly string[]): string[] {
  const installed = installedPlugins(from);
  const isListed = (wanted: RegExp) => listed.some((name) => wanted.test(name));
  const devices = isListed(/(^|[/-])device-(?!distributed)/) ? [] : BUILT_IN_DEVICES;
  const isJoined = launchedRank() !== null && !isListed(/(^|[/-])device-distributed/);
  const wrapper = isJoined ? [WRAPPER] : [];
  return [...listed, ...[...devices, ...wrapper].filter((name) => installed.includes(name))];
}
