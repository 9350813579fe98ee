import { collectProviders, optionsForSchema, type Plugin } from '@refold/core';

/** Names of the extension points that a plugin provides. */
export function pointsOf(plugin: Plugin): readonly string[] {
  return collectProviders([plugin], optionsForSchema).map(({ point }) => point.name);
}
