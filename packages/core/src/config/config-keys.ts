import { collectProviders, namesOf } from '../plugin/collect-providers.js';
import type { Plugin } from '../plugin/plugin.js';
import {
  configSchema,
  optionsForSchema,
  propertiesOf,
  sharesOf,
  type JsonSchema,
} from './config-schema.js';
import { coreTopLevel } from './core-schema.js';

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

/**
 * Every key of core, the given plugins and all their providers, section by section; once for each meaning it has.
 * For documentation and help.
 */
export function configKeys(plugins: readonly Plugin[]): ConfigKey[] {
  const declared = collectProviders(plugins, optionsForSchema);
  const { properties = {} } = configSchema(plugins);
  const keys = new Map<string, ConfigKey>();
  for (const path of Object.keys(coreTopLevel.shape)) {
    keys.set(path, keyOf(path, ['core'], [], properties[path] ?? {}));
  }
  for (const share of sharesOf(plugins, declared)) {
    const provider = declared.find(
      ({ plugin, provider }) => plugin === share.owner && provider.options === share.schema,
    );
    const uses = provider?.provider.use ? namesOf(provider) : [];
    for (const [name, own] of Object.entries(propertiesOf(share))) {
      const path = `${share.section}.${name}`;
      // A plugin may read core's keys too; they stay core's.
      if (share.owner !== 'core' && keys.get(path)?.owners.includes('core')) continue;
      // The choices of a `use` are known only when all providers are.
      const schema = name === 'use' ? (properties[share.section]?.properties?.[name] ?? own) : own;
      const id = share.owner === 'core' ? path : `${path} ${JSON.stringify(schema)}`;
      const known = keys.get(id);
      const owners = [...new Set([...(known?.owners ?? []), share.owner])];
      keys.set(id, keyOf(path, owners, [...new Set([...(known?.uses ?? []), ...uses])], schema));
    }
  }
  const sections = [...new Set([...keys.values()].map(({ path }) => sectionOf(path)))];
  return sections.flatMap((section) =>
    [...keys.values()].filter(({ path }) => sectionOf(path) === section),
  );
}

function keyOf(
  path: string,
  owners: readonly string[],
  uses: readonly string[],
  schema: JsonSchema,
): ConfigKey {
  const { description } = schema;
  return {
    path,
    owners,
    uses,
    schema,
    description: typeof description === 'string' ? description : '',
  };
}

function sectionOf(path: string): string {
  return path.includes('.') ? path.slice(0, path.indexOf('.')) : '';
}
