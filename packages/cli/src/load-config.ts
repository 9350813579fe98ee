import {
  loadPlugins,
  mergeConfig,
  pluginNames,
  readConfigFile,
  readFlags,
  resolveConfig,
  type ConfigSources,
  type Plugin,
  type ResolvedConfig,
} from '@refold/core';
import { withImpliedPlugins } from './implied-plugins.js';
import type { Io } from './io.js';

export interface LoadConfigOptions {
  /** `--config`, relative to the current folder. */
  readonly config?: string;
  /** Configuration to use where no file is given (the one stored in a checkpoint). */
  readonly fallback?: Readonly<Record<string, unknown>>;
  /** Plugins to list where neither file, flags nor fallback list any. */
  readonly plugins?: readonly string[];
}

/** A resolved configuration with the command line's words that are no flags. */
export interface LoadedConfig {
  readonly config: ResolvedConfig;
  readonly positionals: readonly string[];
}

/** Folders from which plugins are resolved: the user's, then the program's own. */
export function pluginFolders(io: Io): string[] {
  return [io.cwd, import.meta.dirname];
}

/**
 * Reads file and flags, loads the plugins they list, and resolves the configuration.
 *
 * @param args what the command line holds besides the command's own options
 * @throws RefoldError `RF-CONFIG-*`, `RF-USAGE-*`, `RF-PLUGIN-*`, `RF-PLAN-DUPLICATE`
 */
export async function loadConfig(
  io: Io,
  args: readonly string[],
  options: LoadConfigOptions,
): Promise<LoadedConfig> {
  const { sources, plugins, positionals } = await loadParts(io, args, options);
  return { config: resolveConfig({ ...sources, plugins }), positionals };
}

/** The parts of {@link loadConfig}, for commands that look at them. */
export async function loadParts(
  io: Io,
  args: readonly string[],
  options: LoadConfigOptions,
): Promise<{ sources: ConfigSources; plugins: readonly Plugin[]; positionals: readonly string[] }> {
  const { positionals, ...flags } = readFlags(args);
  const sources: ConfigSources =
    options.config === undefined
      ? { object: { ...options.fallback }, flags }
      : { file: await readConfigFile(options.config, io.cwd), flags };
  const listed = pluginNames(mergeConfig(sources).tree);
  const from = pluginFolders(io);
  const names = withImpliedPlugins(listed.length > 0 ? listed : (options.plugins ?? []), from);
  return { sources, plugins: await loadPlugins(names, { from }), positionals };
}
