import { z } from 'zod';
import { collectProviders, namesOf, type DeclaredProvider } from '../plugin/collect-providers.js';
import { pluginSection } from '../plugin/plugin-section.js';
import type { Plugin } from '../plugin/plugin.js';
import type { Share } from './config-share.js';
import { coreSections, coreTopLevel } from './core-schema.js';

/** A JSON Schema document or a part of one. */
export interface JsonSchema {
  [key: string]: unknown;
  properties?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
}

/**
 * A JSON Schema (draft 2020-12) of configuration files for these plugins, for editors. It is a little wider than
 * what {@link resolveConfig} accepts: a section lists the keys of all its providers, chosen or not.
 */
export function configSchema(plugins: readonly Plugin[]): JsonSchema {
  const declared = collectProviders(plugins, optionsForSchema);
  const top = jsonSchemaOf(coreTopLevel);
  const properties: Record<string, JsonSchema> = { ...top.properties };
  for (const share of sharesOf(plugins, declared)) {
    const section = (properties[share.section] ??= {
      type: 'object',
      properties: {},
      additionalProperties: false,
    });
    const held = (section.properties ??= {});
    for (const [key, schema] of Object.entries(propertiesOf(share))) {
      held[key] = eitherOf(held[key], schema);
    }
  }
  for (const { point } of declared) {
    if (point.section === null || point.cardinality !== 'one') continue;
    const names = declared.filter((one) => one.point.section === point.section).flatMap(namesOf);
    const use = properties[point.section]?.properties?.['use'];
    const choices = point.section === 'device' ? ['auto', ...names] : names;
    if (use) use['enum'] = [...new Set(choices)];
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Refold configuration',
    type: 'object',
    properties,
    additionalProperties: false,
  };
}

/** Core's, the plugins' and all their providers' shares. */
export function sharesOf(
  plugins: readonly Plugin[],
  declared: readonly DeclaredProvider[],
): readonly Share[] {
  const core = Object.entries(coreSections).map(([section, schema]) => ({
    owner: 'core',
    section,
    schema,
    rename: {},
  }));
  const ofPlugins = plugins.map((plugin) => ({
    owner: plugin.name,
    section: pluginSection(plugin),
    schema: plugin.options,
    rename: plugin.keys ?? {},
  }));
  const ofProviders = declared.flatMap(({ plugin, point, provider }) =>
    point.section === null
      ? []
      : [
          {
            owner: plugin,
            section: point.section,
            schema: provider.options,
            rename: {},
          },
        ],
  );
  return [...core, ...ofPlugins, ...ofProviders].filter(({ schema }) => schema !== undefined);
}

/** Defaults where a plugin has them for everything; a plugin with required options declares from nothing. */
export function optionsForSchema(plugin: Plugin): unknown {
  const parsed = plugin.options?.safeParse({});
  return parsed?.success ? parsed.data : {};
}

/** JSON Schemas of a share's keys, under their names in the section. */
export function propertiesOf({ schema, rename }: Share): Record<string, JsonSchema> {
  if (schema === undefined) return {};
  const json = jsonSchemaOf(schema);
  const branches = (json['anyOf'] ?? json['oneOf'] ?? json['allOf'] ?? []) as JsonSchema[];
  const all: Record<string, JsonSchema> = {};
  for (const { properties = {} } of [json, ...branches]) {
    for (const [option, value] of Object.entries(properties)) all[rename[option] ?? option] = value;
  }
  return all;
}

/** Providers of one section may mean different things by one key: either is valid. */
function eitherOf(known: JsonSchema | undefined, schema: JsonSchema): JsonSchema {
  if (known === undefined) return schema;
  const branches = known.anyOf ?? [known];
  const text = JSON.stringify(schema);
  return branches.some((one) => JSON.stringify(one) === text)
    ? known
    : { anyOf: [...branches, schema] };
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}
