import type { RefoldError } from '@refold/graph';
import { isMapping, originAt, type ConfigTree } from './config-tree.js';
import type { ConfigWarning } from './config-warning.js';
import { keysOfShare, type Share } from './config-share.js';
import { coreSections, coreTopLevel } from './core-schema.js';
import { unknownKey } from './errors.js';
import { pluginOfKey } from './known-plugins.js';
import { mindcvPath } from './mindcv-keys.js';
import { nearest, normalName } from './nearest.js';
import { originText } from './origin.js';

export interface FindUnknownKeys {
  readonly tree: ConfigTree;
  /** Of all that take part. */
  readonly shares: readonly Share[];
  /** Of providers that were not chosen. */
  readonly others: readonly Share[];
  readonly sections: ReadonlySet<string>;
  /** Sections whose providers are not all known, or not chosen: only near misses are told there. */
  readonly uncertain: ReadonlySet<string>;
}

/**
 * Keys that nobody takes. A key of a provider that the file chose and the command line replaced
 * (`--optimizer.use adamw` over a file with `momentum`) is left out with a warning instead.
 */
export function findUnknownKeys({ tree, shares, others, sections, uncertain }: FindUnknownKeys): {
  readonly errors: readonly RefoldError[];
  readonly warnings: readonly ConfigWarning[];
} {
  const errors: RefoldError[] = [];
  const warnings: ConfigWarning[] = [];
  const known = knownPaths(shares, sections);
  const listed = shares.map(({ owner }) => owner);
  for (const [key, value] of Object.entries(tree.value)) {
    if (!sections.has(key)) {
      if (!Object.hasOwn(coreTopLevel.shape, key)) {
        errors.push(mistake([key], tree, known, listed, isMapping(value)));
      }
      continue;
    }
    if (!isMapping(value)) continue;
    const own = shares.filter(({ section }) => section === key).map(keysOfShare);
    if (own.some(({ open }) => open)) continue;
    const taken = new Set(own.flatMap(({ keys }) => keys).concat(useOf(key)));
    for (const name of Object.keys(value).filter((one) => !taken.has(one))) {
      const path = [key, name];
      const other = others.some(
        (share) => share.section === key && keysOfShare(share).keys.includes(name),
      );
      if (uncertain.has(key) && (other || nearKey(path, known) === undefined)) continue;
      if (other && replacedByFlag(tree, path)) warnings.push(leftOut(path, tree));
      else errors.push(mistake(path, tree, known, listed, false));
    }
  }
  return { errors, warnings };
}

function useOf(section: string): readonly string[] {
  const core: Readonly<Record<string, { readonly shape: object }>> = coreSections;
  const own = core[section];
  return own && !Object.hasOwn(own.shape, 'use') ? [] : ['use'];
}

function knownPaths(shares: readonly Share[], sections: ReadonlySet<string>): readonly string[] {
  const keys = shares.flatMap((share) =>
    keysOfShare(share).keys.map((key) => `${share.section}.${key}`),
  );
  return [...Object.keys(coreTopLevel.shape), ...sections, ...keys];
}

/** The key that was most likely meant: in the same section, else the same key in another. */
function nearKey(path: readonly string[], known: readonly string[]): string | undefined {
  const [section = '', key] = path;
  if (key === undefined) return nearest(section, known);
  const inside = known
    .filter((one) => one.startsWith(`${section}.`))
    .map((one) => one.slice(section.length + 1));
  const near = nearest(key, inside);
  if (near !== undefined) return `${section}.${near}`;
  return known.find((one) => normalName(one.slice(one.indexOf('.') + 1)) === normalName(key));
}

function replacedByFlag(tree: ConfigTree, path: readonly string[]): boolean {
  const use = originAt(tree.origins, [path[0] as string, 'use']);
  return use.kind === 'flag' && originAt(tree.origins, path).kind !== 'flag';
}

function leftOut(path: readonly string[], tree: ConfigTree): ConfigWarning {
  const chosen = (tree.value[path[0] as string] as { use?: unknown }).use;
  const where = originText(originAt(tree.origins, path));
  return {
    code: 'RF-CONFIG-LEFT-OUT',
    message: `'${path.join('.')}' (${where}) has no meaning for '${String(chosen)}' and is left out.`,
  };
}

function mistake(
  path: readonly string[],
  tree: ConfigTree,
  known: readonly string[],
  listed: readonly string[],
  isSection: boolean,
): RefoldError {
  const name = path.join('.');
  const [section = '', key] = path;
  const owner = isSection ? pluginOfKey(section, undefined) : pluginOfKey(section, key);
  const plugin = listed.some((one) => one.endsWith(`plugin-${owner}`)) ? undefined : owner;
  const meant = path.length === 1 ? mindcvPath(name) : undefined;
  return unknownKey(name, originAt(tree.origins, path), {
    near: plugin ? undefined : (meant ?? nearKey(path, known)),
    hint: plugin && `It belongs to the plugin ${plugin}: add that to plugins.`,
  });
}
