import { InternalError, type RefoldError } from '@refold/graph';
import type { z } from 'zod';
import { collectProviders, namesOf, type DeclaredProvider } from '../plugin/collect-providers.js';
import type { ExtensionPoint } from '../plugin/extension-point.js';
import { pluginSection } from '../plugin/plugin-section.js';
import type { Plugin } from '../plugin/plugin.js';
import { cutShare, renamed, type Share } from './config-share.js';
import { isMapping, originAt, valueAt, type ConfigObject, type ConfigTree } from './config-tree.js';
import type { ConfigWarning } from './config-warning.js';
import { coreSections, coreTopLevel, type CoreConfig } from './core-schema.js';
import { together, wrongType } from './errors.js';
import { shown } from './explain-issue.js';
import { findUnknownKeys } from './find-unknown-keys.js';
import { chooseUses } from './choose-uses.js';
import { mergeConfig, type ConfigSources } from './merge-config.js';
import type { Origin } from './origin.js';
import { parsePart } from './parse-part.js';

/** A configuration that is complete and valid for its plugins. */
export interface ResolvedConfig {
  readonly core: CoreConfig;
  /** Everything, defaults included, under the configuration's keys. Resolving it again gives the same. */
  readonly json: Readonly<ConfigObject>;
  /** By path (`data.batchSize`); a path without one is at its default. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly warnings: readonly ConfigWarning[];
  readonly plugins: readonly Plugin[];
  /** Everything the plugins provide, chosen or not, in plugin order. */
  readonly declared: readonly DeclaredProvider[];
  /** Validated options of a plugin, by its package name. */
  readonly pluginOptions: ReadonlyMap<string, unknown>;
  /** Schemas by section, of all that take part; for explanations and editors. */
  readonly shares: readonly Share[];
  /** The name chosen in a point's section (`auto` for devices); undefined where there is no choice. */
  use(point: ExtensionPoint<unknown>): string | undefined;
  /**
   * Validated options of a provider, whether it was chosen or not.
   * @throws RefoldError `RF-CONFIG-*` if it was not chosen and its options do not fit
   */
  optionsFor(declared: DeclaredProvider): unknown;
}

/** Keys that belong to core in every section; an open schema of a plugin does not take them. */
const reservedIn = (section: string): ReadonlySet<string> =>
  new Set(['use', ...Object.keys(coreSection(section)?.shape ?? {})]);

/**
 * Puts all sources together, validates every key against its owner (core, a plugin, a chosen provider) and fills in
 * defaults. Calls each plugin's `setup`; creates nothing. All mistakes found are in the one error thrown.
 *
 * @throws RefoldError `RF-CONFIG-UNKNOWN-KEY`, `RF-CONFIG-TYPE`, `RF-CONFIG-MISSING`, `RF-CONFIG-UNKNOWN-NAME`,
 * `RF-USAGE-UNKNOWN-FLAG` (a key given as a flag), `RF-PLAN-DUPLICATE`
 */
export function resolveConfig({
  plugins,
  ...sources
}: ConfigSources & { readonly plugins: readonly Plugin[] }): ResolvedConfig {
  const merged = mergeConfig(sources);
  const problems: RefoldError[] = [];
  const tree = withMappings(merged.tree, sectionsOf(plugins), problems);
  const parse = (share: Share): unknown => {
    const part = cutShare(share, tree, reservedIn(share.section));
    if (!part) return {};
    const result = parsePart(part);
    if (result.ok) return result.value;
    problems.push(...result.errors);
    return undefined;
  };

  const top = parseTopLevel(tree, problems);
  const coreShares = Object.entries(coreSections).map(([section, schema]) =>
    shareOf('core', section, schema),
  );
  const coreParsed = coreShares.map(parse);
  const pluginShares = plugins.map((plugin) =>
    shareOf(plugin.name, pluginSection(plugin), plugin.options, plugin.keys),
  );
  const pluginOptions = new Map<string, unknown>();
  pluginShares.forEach((share) => pluginOptions.set(share.owner, parse(share)));

  const sound = plugins.filter(({ name }) => pluginOptions.get(name) !== undefined);
  const declared = collectProviders(sound, ({ name }) => pluginOptions.get(name));
  const uses = chooseUses({ tree, declared, complete: sound.length === plugins.length, problems });
  const providerShare = ({ plugin, point, provider }: DeclaredProvider): Share =>
    shareOf(plugin, point.section ?? '', provider.options);
  const inner = valueAt(tree.value, ['device', 'inner']) ?? 'auto';
  const takingPart = declared.filter((one) => takesPart(one, uses, declared, inner));
  const providerShares = takingPart.map(providerShare);
  const providerOptions = new Map(
    takingPart.map(({ provider }, index) => [provider, parse(providerShares[index] as Share)]),
  );

  const shares = [...coreShares, ...pluginShares, ...providerShares];
  const unknown = findUnknownKeys({
    tree,
    shares,
    others: declared.filter((one) => !takingPart.includes(one)).map(providerShare),
    sections: new Set([
      ...sectionsOf(plugins),
      ...declared.flatMap(({ point }) => point.section ?? []),
    ]),
    uncertain: new Set([
      ...pluginShares
        .filter(({ owner }) => !pluginOptions.get(owner))
        .map(({ section }) => section),
      ...declared.flatMap(({ point }) =>
        point.cardinality === 'one' && point.section !== null && !uses.has(point.section)
          ? [point.section]
          : [],
      ),
    ]),
  });
  // A mistyped key explains what seems missing, so it is told first.
  const error = together([...unknown.errors, ...problems]);
  if (error) throw error;

  const json: Record<string, ConfigObject> = {};
  const fill = (share: Share, value: unknown): void => {
    if (share.schema) json[share.section] = { ...json[share.section], ...renamed(value, share) };
  };
  coreShares.forEach((share, index) => fill(share, coreParsed[index]));
  for (const [section, use] of uses) json[section] = Object.assign({ use }, json[section], { use });
  pluginShares.forEach((share) => fill(share, pluginOptions.get(share.owner)));
  takingPart.forEach(({ provider }, index) => {
    fill(providerShares[index] as Share, providerOptions.get(provider));
  });
  const listed = top.plugins.length > 0 ? top.plugins : plugins.map(({ name }) => name);
  const outputDir = top.outputDir ?? `runs/${uses.get('model') ?? 'run'}`;
  const { plugins: _names, ...leaves } = { ...top, outputDir };
  const whole = { plugins: listed, ...json, ...leaves };
  return {
    core: whole as unknown as CoreConfig,
    json: whole,
    origins: tree.origins,
    warnings: [...merged.warnings, ...unknown.warnings],
    plugins,
    declared,
    pluginOptions,
    shares,
    use: ({ section }) => (section === null ? undefined : uses.get(section)),
    optionsFor: (one) => {
      if (providerOptions.has(one.provider)) return providerOptions.get(one.provider);
      const part = cutShare(providerShare(one), tree, reservedIn(one.point.section ?? ''));
      const result = part ? parsePart(part) : ({ ok: true, value: {} } as const);
      if (result.ok) return result.value;
      throw together(result.errors) ?? new InternalError('Options were refused without a reason.');
    },
  };
}

function shareOf(
  owner: string,
  section: string,
  schema: z.ZodType | undefined,
  rename: Readonly<Record<string, string>> = {},
): Share {
  return { owner, section, schema, rename };
}

function coreSection(section: string): z.ZodObject | undefined {
  return Object.hasOwn(coreSections, section)
    ? coreSections[section as keyof typeof coreSections]
    : undefined;
}

function sectionsOf(plugins: readonly Plugin[]): ReadonlySet<string> {
  return new Set([...Object.keys(coreSections), ...plugins.map(pluginSection)]);
}

/**
 * Of points of which one is chosen, the chosen; with device `auto`, every device; with a device that wraps another, both.
 */
function takesPart(
  one: DeclaredProvider,
  uses: ReadonlyMap<string, string>,
  declared: readonly DeclaredProvider[],
  inner: unknown,
): boolean {
  const { point, provider } = one;
  if (point.cardinality === 'many' || point.section === null) return true;
  const use = uses.get(point.section);
  if (use === undefined) return false;
  const isChosen = (name: unknown) => name === 'auto' || namesOf(one).some((mine) => mine === name);
  if (isChosen(use) || provider.wraps?.()) return true;
  const wrapper = declared.find((other) => other.provider.wraps && namesOf(other).includes(use));
  return wrapper?.point.name === point.name && isChosen(inner);
}

/** Sections as mappings: an empty one (`model:`) counts as one without keys. */
function withMappings(
  tree: ConfigTree,
  sections: ReadonlySet<string>,
  problems: RefoldError[],
): ConfigTree {
  const value = { ...tree.value };
  for (const section of sections) {
    const given = value[section];
    if (given === undefined || isMapping(given)) continue;
    if (given !== null) {
      const origin = originAt(tree.origins, [section]);
      problems.push(wrongType(section, 'a mapping from keys to values', shown(given), origin));
    }
    value[section] = {};
  }
  return { value, origins: tree.origins };
}

function parseTopLevel(tree: ConfigTree, problems: RefoldError[]): z.output<typeof coreTopLevel> {
  const value: ConfigObject = {};
  for (const key of Object.keys(coreTopLevel.shape)) {
    if (Object.hasOwn(tree.value, key)) value[key] = tree.value[key];
  }
  if (typeof value['plugins'] === 'string') value['plugins'] = [value['plugins']];
  const result = parsePart({
    schema: coreTopLevel,
    value,
    origins: tree.origins,
    pathOf: (path) => path,
  });
  if (result.ok) return result.value as z.output<typeof coreTopLevel>;
  problems.push(...result.errors);
  return coreTopLevel.parse({});
}
