import {
  EMPTY_TREE,
  overlay,
  treeOfObject,
  valueAt,
  type ConfigObject,
  type ConfigTree,
} from './config-tree.js';
import type { ConfigWarning } from './config-warning.js';
import { fromMindcv } from './from-mindcv.js';
import type { ConfigFile } from './read-config-file.js';
import type { Flags } from './read-flags.js';

/** Where a configuration comes from; what is absent adds nothing. Precedence: object < file < flags. */
export interface ConfigSources {
  /** Given by a program. */
  readonly object?: ConfigObject | undefined;
  readonly file?: ConfigFile | undefined;
  readonly flags?: Pick<Flags, 'tree' | 'mindcv'> | undefined;
}

export interface MergedConfig {
  readonly tree: ConfigTree;
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Lays all sources over each other, MindCV's names translated. Not validated yet, except MindCV's own names.
 *
 * @throws RefoldError `RF-CONFIG-UNKNOWN-KEY` for an unknown key of a MindCV file
 */
export function mergeConfig({ object, file, flags }: ConfigSources): MergedConfig {
  const flat = flags?.mindcv ?? EMPTY_TREE;
  const given = object ? treeOfObject(object) : EMPTY_TREE;
  const named = flags?.tree ?? EMPTY_TREE;
  if (file?.kind === 'mindcv') {
    // The model and data set decide about plugins, so flags of ours that name them count here too.
    const choices = {
      model: valueAt(named.value, ['model', 'use']),
      dataset: valueAt(named.value, ['data', 'use']),
    };
    const translated = fromMindcv(overlay(file.tree, flat), { defaults: true, ...choices });
    return { tree: overlay(given, translated.tree, named), warnings: translated.warnings };
  }
  const translated = fromMindcv(flat, { defaults: false });
  return {
    tree: overlay(given, file?.tree ?? EMPTY_TREE, translated.tree, named),
    warnings: translated.warnings,
  };
}
