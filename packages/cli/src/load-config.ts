import path from 'node:path';
import {
  loadPlugins,
  mergeConfig,
  pluginNames,
  readConfigFile,
  resolveConfig,
  type ConfigObject,
  type ConfigSources,
  type ExtensionPoint,
  type Flags,
  type Plugin,
  type ResolvedConfig,
} from '@refold/core';
import { withImpliedPlugins } from './implied-plugins.js';
import type { Io } from './io.js';
import { pointsOf } from './points-of.js';
import { quietly } from './quietly.js';
import type { Arguments } from './read-arguments.js';

export interface LoadConfigOptions {
  /** Configuration to use where no file is given (the one stored in a checkpoint). */
  readonly fallback?: Readonly<Record<string, unknown>>;
  readonly needed?: NeededPoint;
  /** Whether a run is to say nothing of its progress (`--quiet`). */
  readonly quiet?: boolean | undefined;
}

/** A point that the command cannot do without. */
export interface NeededPoint {
  readonly point: ExtensionPoint<unknown>;
  /** Package name of the plugin that is added where none of those listed provides the point. */
  readonly plugin: string;
  /** Configuration with which that plugin does, where no file is given. */
  readonly config: Readonly<ConfigObject>;
}

type Given = Pick<Arguments, 'options' | 'flags'>;

/**
 * Folders from which plugins are resolved: the user's, the configuration's, then the program's own.
 *
 * @param config `--config`
 */
export function pluginFolders(io: Io, config?: string): string[] {
  const own = [io.cwd, import.meta.dirname];
  return config === undefined
    ? own
    : own.toSpliced(1, 0, path.resolve(io.cwd, path.dirname(config)));
}

/**
 * Reads file and flags, loads the plugins they list, and resolves the configuration.
 *
 * @throws RefoldError `RF-CONFIG-*`, `RF-USAGE-*`, `RF-PLUGIN-*`, `RF-PLAN-DUPLICATE`
 */
export async function loadConfig(
  io: Io,
  given: Given,
  options: LoadConfigOptions = {},
): Promise<ResolvedConfig> {
  const { sources, plugins } = await loadParts(io, given, options);
  return resolveConfig({ ...sources, plugins });
}

/** The parts of {@link loadConfig}, for commands that look at them. */
export async function loadParts(
  io: Io,
  { options: { config }, flags }: Given,
  { fallback, needed, quiet }: LoadConfigOptions = {},
): Promise<{ sources: ConfigSources; plugins: readonly Plugin[] }> {
  let sources: ConfigSources & { flags: Pick<Flags, 'tree' | 'mindcv'> } =
    config === undefined
      ? { object: { ...fallback }, flags }
      : { file: await readConfigFile(config, io.cwd), flags };
  const listed = pluginNames(mergeConfig(sources).tree);
  const from = pluginFolders(io, config);
  const plugins = await loadPlugins(withImpliedPlugins(listed, from), { from });
  if (needed) {
    const { point, plugin, config: own } = needed;
    let provider = plugins.find((one) => pointsOf(one).includes(point.name))?.name;
    if (provider === undefined) {
      plugins.push(...(await loadPlugins([plugin], { from })));
      provider = plugin;
    }
    if (provider === plugin && config === undefined) {
      sources = { object: { ...fallback, ...own }, flags };
    }
  }
  return { sources: quiet ? { ...sources, flags: quietly(flags, plugins) } : sources, plugins };
}
