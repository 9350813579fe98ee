import type { z } from 'zod';
import { isMapping, type ConfigObject, type ConfigTree } from './config-tree.js';
import type { Parsed } from './explain-issue.js';
import { schemaKeys } from './schema-keys.js';

/** Who understands which keys of a section. */
export interface Share {
  /** Package name of the plugin, or `core`. */
  readonly owner: string;
  readonly section: string;
  readonly schema: z.ZodType | undefined;
  /** Option → key in the section, where they differ. */
  readonly rename: Readonly<Record<string, string>>;
}

/** The keys of the section that the share takes. */
export function keysOfShare({ schema, rename }: Share): {
  readonly keys: readonly string[];
  readonly open: boolean;
} {
  const { keys, open } = schemaKeys(schema);
  return { keys: [...keys.keys()].map((option) => rename[option] ?? option), open };
}

/** Cuts the share's part out of a tree. @param reserved keys an open schema must leave alone (core's own) */
export function cutShare(
  share: Share,
  tree: ConfigTree,
  reserved: ReadonlySet<string>,
): Parsed | undefined {
  const { section, schema, rename } = share;
  if (schema === undefined) return undefined;
  const given = isMapping(tree.value[section]) ? tree.value[section] : {};
  const { keys, open } = schemaKeys(schema);
  const value: ConfigObject = {};
  for (const option of keys.keys()) {
    const key = rename[option] ?? option;
    if (Object.hasOwn(given, key)) value[option] = given[key];
  }
  if (open) {
    for (const [key, held] of Object.entries(given)) {
      if (!reserved.has(key) && !Object.hasOwn(value, key)) value[key] = held;
    }
  }
  return {
    schema,
    value,
    origins: tree.origins,
    pathOf: ([option, ...rest]) =>
      option === undefined ? [section] : [section, rename[String(option)] ?? option, ...rest],
  };
}

/** A share's parsed value under the keys of the section. */
export function renamed(value: unknown, { rename }: Share): ConfigObject {
  if (!isMapping(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [rename[key] ?? key, held]));
}
