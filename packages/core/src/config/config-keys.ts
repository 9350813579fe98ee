import { collectProviders, namesOf } from '../plugin/collect-providers.js';
import type { Plugin } from '../plugin/plugin.js';
import { configSchema, optionsForSchema, sharesOf } from './config-schema.js';
import { keysOfShare } from './config-share.js';
import { coreTopLevel } from './core-schema.js';
import { descriptionOf, schemaAt } from './schema-keys.js';

/** One key that a configuration can have. */
export interface ConfigKey {
  /** `data.batchSize` */
  readonly path: string;
  /** Package names of the plugins that read it; `core`. */
  readonly owners: readonly string[];
  /** The names of `use` with which it has a meaning; empty: whatever is chosen. */
  readonly uses: readonly string[];
  /** JSON Schema of its value, with the default. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly description: string;
}

/** Every key of core, the given plugins and all their providers, section by section. For documentation and help. */
export function configKeys(plugins: readonly Plugin[]): ConfigKey[] {
  const declared = collectProviders(plugins, optionsForSchema);
  const properties = configSchema(plugins).properties ?? {};
  const keys = new Map<string, ConfigKey>();
  for (const [path, schema] of Object.entries(coreTopLevel.shape)) {
    const description = descriptionOf(schema) ?? '';
    keys.set(path, {
      path,
      owners: ['core'],
      uses: [],
      schema: properties[path] ?? {},
      description,
    });
  }
  for (const share of sharesOf(plugins, declared)) {
    const provider = declared.find(
      ({ plugin, provider }) => plugin === share.owner && provider.options === share.schema,
    );
    const uses = provider?.provider.use ? namesOf(provider) : [];
    for (const key of keysOfShare(share).keys) {
      const path = `${share.section}.${key}`;
      const option = Object.keys(share.rename).find((name) => share.rename[name] === key) ?? key;
      const known = keys.get(path);
      keys.set(path, {
        path,
        owners: [...new Set([...(known?.owners ?? []), share.owner])],
        uses: [...new Set([...(known?.uses ?? []), ...uses])],
        schema: properties[share.section]?.properties?.[key] ?? {},
        description:
          known?.description ||
          (share.schema && descriptionOf(schemaAt(share.schema, [option]))) ||
          '',
      });
    }
  }
  return [...keys.values()];
}
