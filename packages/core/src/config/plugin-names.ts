import type { ConfigTree } from './config-tree.js';
import { originAt } from './config-tree.js';
import { wrongType } from './errors.js';

/**
 * The `plugins` list of a tree that is not resolved yet: resolving needs the plugins themselves.
 *
 * @throws RefoldError `RF-CONFIG-TYPE` if it is no list of names
 */
export function pluginNames(tree: ConfigTree): readonly string[] {
  const listed = tree.value['plugins'];
  if (listed === undefined) return [];
  const names = typeof listed === 'string' ? [listed] : listed;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw wrongType(
      'plugins',
      'a list of plugin names',
      JSON.stringify(listed),
      originAt(tree.origins, ['plugins']),
    );
  }
  return names as string[];
}
