import path from 'node:path';
import {
  loadPlugins,
  overlay,
  pluginNames,
  readConfigFile,
  readFlags,
  resolveConfig,
  treeOfObject,
  type ConfigTree,
  type Plugin,
  type ResolvedConfig,
} from '@refold/core';
import type { Io } from './io.js';
import { withImpliedPlugins } from './implied-plugins.js';

export interface LoadConfigOptions {
  /** `--config`, relative to the current folder. */
  readonly config?: string;
  /** Configuration to use where no file is given (the one stored in a checkpoint). */
  readonly fallback?: Readonly<Record<string, unknown>>;
  /** Plugins to list where neither file, flags nor fallback list any. */
  readonly plugins?: readonly string[];
}

/** Folders from which plugins are resolved: the user's, then the program's own. */
export function pluginFolders(io: Io): string[] {
  return [io.cwd, import.meta.dirname];
}

/**
 * Reads file and flags, loads the plugins they list, and resolves the configuration.
 *
 * @param flags what the command line holds besides the command's own options
 * @throws RefoldError `RF-CONFIG-*`, `RF-USAGE-*`, `RF-PLUGIN-*`, `RF-PLAN-DUPLICATE`
 */
export async function loadConfig(
  io: Io,
  flags: readonly string[],
  options: LoadConfigOptions,
): Promise<ResolvedConfig> {
  const { file, flagTree, plugins } = await loadParts(io, flags, options);
  return resolveConfig({ file, flags: flagTree, plugins });
}

/** The parts of {@link loadConfig}, for commands that look at them. */
export async function loadParts(
  io: Io,
  flags: readonly string[],
  options: LoadConfigOptions,
): Promise<{ file: ConfigTree; flagTree: ConfigTree; plugins: readonly Plugin[] }> {
  const file =
    options.config === undefined
      ? treeOfObject(options.fallback ?? {})
      : await readConfigFile(path.resolve(io.cwd, options.config));
  const flagTree = readFlags(flags);
  const listed = pluginNames(overlay(file, flagTree));
  const from = pluginFolders(io);
  const names = withImpliedPlugins(listed.length > 0 ? listed : (options.plugins ?? []), from);
  return { file, flagTree, plugins: await loadPlugins(names, { from }) };
}
