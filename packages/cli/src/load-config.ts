import path from 'node:path';
import {
  loadPlugins,
  mergeConfig,
  pluginNames,
  readConfigFile,
  resolveConfig,
  type ConfigSources,
  type Flags,
  type Plugin,
  type ResolvedConfig,
} from '@refold/core';
import { withImpliedPlugins } from './implied-plugins.js';
import type { Io } from './io.js';
import { quietly } from './quietly.js';
import type { Arguments } from './read-arguments.js';

export interface LoadConfigOptions {
  /** Configuration to use where no file is given (the one stored in a checkpoint). */
  readonly fallback?: Readonly<Record<string, unknown>>;
  /** Plugins that the command needs, added to those listed where they are not among them. */
  readonly needed?: readonly string[];
  /** Whether a run is to say nothing of its progress (`--quiet`). */
  readonly quiet?: boolean | undefined;
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
  { fallback, needed = [], quiet }: LoadConfigOptions = {},
): Promise<{ sources: ConfigSources; plugins: readonly Plugin[] }> {
  const sources: ConfigSources & { flags: Pick<Flags, 'tree' | 'mindcv'> } =
    config === undefined
      ? { object: { ...fallback }, flags }
      : { file: await readConfigFile(config, io.cwd), flags };
  const listed = pluginNames(mergeConfig(sources).tree);
  const from = pluginFolders(io, config);
  const missing = needed.filter((name) => !listed.some((one) => one.endsWith(name)));
  const plugins = await loadPlugins(withImpliedPlugins([...listed, ...missing], from), { from });
  return { sources: quiet ? { ...sources, flags: quietly(flags, plugins) } : sources, plugins };
}
