import { RefoldError } from '@refold/graph';
import type { DeclaredProvider } from './collect-providers.js';

/** A listed plugin cannot be found. */
export function pluginNotFound(
  name: string,
  tried: readonly string[],
  nearest: string | undefined,
  cause: unknown,
): RefoldError {
  return new RefoldError('RF-PLUGIN-NOT-FOUND', {
    message: `The plugin '${name}' is not installed.`,
    expected: `one of the packages ${tried.join(', ')}`,
    hint: nearest
      ? `Did you mean '${nearest}'?`
      : `Install it (npm install ${tried[0]}) or take it out of plugins.`,
    cause,
  });
}

/** A listed package's default export is not a plugin. */
export function pluginInvalid(name: string, received: string): RefoldError {
  return new RefoldError('RF-PLUGIN-INVALID', {
    message: `'${name}' is not a Refold plugin.`,
    expected: 'a default export made by definePlugin({ name, apiVersion: 1, setup })',
    received,
  });
}

/** A plugin written for another version of the contract. */
export function pluginApiVersion(name: string, received: unknown): RefoldError {
  return new RefoldError('RF-PLUGIN-API-VERSION', {
    message: `The plugin '${name}' is for another version of Refold's plugin contract.`,
    expected: 'apiVersion 1',
    received: `apiVersion ${String(received)}`,
    hint: 'Install a version of the plugin, or of Refold, that fits.',
  });
}

/** Two plugins provide the same thing, or one plugin is listed twice. */
export function providedTwice(first: DeclaredProvider, second: DeclaredProvider): RefoldError {
  const shared = (first.provider.use ?? []).filter((name) => second.provider.use?.includes(name));
  const what =
    shared.length > 0
      ? `the ${first.point.name} '${shared.join("', '")}'`
      : `the ${first.point.name}`;
  const same = first.plugin === second.plugin;
  return new RefoldError('RF-PLAN-DUPLICATE', {
    message: same
      ? `${first.plugin} provides ${what} twice.`
      : `${first.plugin} and ${second.plugin} both provide ${what}.`,
    expected: 'one plugin that provides it',
    hint: same ? 'List it once in plugins.' : `Take one of them out of plugins.`,
  });
}
