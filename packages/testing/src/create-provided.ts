import { collectProviders, type ExtensionPoint, type Host, type Plugin } from '@refold/core';
import { fakeHost } from './fakes/fake-host.js';

export interface CreateProvidedOptions {
  /** Which of the plugin's providers of the point; the first one where it is left out. */
  readonly use?: string;
  /** The section of the configuration, without `use`; checked as the pipeline does. */
  readonly options?: object;
  readonly host?: Host;
}

/**
 * What a plugin provides of a point, made as the pipeline would make it, for providers that need no others:
 * `createProvided(plugin, Optimizer, { use: 'adamw', options: { weightDecay: 0.01 } })`.
 *
 * @throws ZodError for options that do not fit
 */
export async function createProvided<T>(
  plugin: Plugin,
  point: ExtensionPoint<T>,
  { use, options = {}, host = fakeHost() }: CreateProvidedOptions = {},
): Promise<T> {
  const declared = collectProviders([plugin], () => plugin.options?.parse(options) ?? {});
  const found = declared.find(
    (one) =>
      one.point.name === point.name &&
      (use === undefined || one.provider.use?.includes(use) === true),
  );
  if (!found) throw new Error(`${plugin.name} provides no ${point.name} '${use ?? ''}'.`);
  const { provider } = found;
  const given = {
    use: use ?? provider.use?.[0],
    options: provider.options?.parse(options) ?? {},
    host,
  };
  return (await provider.create(given as Parameters<typeof provider.create>[0])) as T;
}
