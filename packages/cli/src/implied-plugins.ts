import { installedPlugins } from '@refold/core';

/** Device plugins that come with Refold, used when the configuration lists none (docs/adr/0003). */
const BUILT_IN_DEVICES = ['device-onednn', 'device-tfjs'];

/**
 * The listed plugins, and the built-in device plugins that are installed where the list names no device
 * plugin: recipes need not say on what they run, and `device: auto` still finds the fastest.
 */
export function withImpliedPlugins(listed: readonly string[], from: readonly string[]): string[] {
  if (listed.some((name) => /(^|[/-])device-/.test(name))) return [...listed];
  const installed = installedPlugins(from);
  return [...listed, ...BUILT_IN_DEVICES.filter((name) => installed.includes(name))];
}
