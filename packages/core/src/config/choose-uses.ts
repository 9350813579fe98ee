import type { RefoldError } from '@refold/graph';
import { namesOf, type DeclaredProvider } from '../plugin/collect-providers.js';
import { originAt, valueAt, type ConfigTree } from './config-tree.js';
import { missingKey, unknownName } from './errors.js';
import { pluginOfUse } from './known-plugins.js';
import { nearest } from './nearest.js';

/** Sections whose `use` chooses a provider even where no listed plugin provides one. */
const CORE_CHOICES = ['model', 'data', 'optimizer', 'device'] as const;

export interface ChooseUses {
  readonly tree: ConfigTree;
  readonly declared: readonly DeclaredProvider[];
  /** False when some plugin could not declare: then a name that is not found is no mistake yet. */
  readonly complete: boolean;
  /** Mistakes are added here. */
  readonly problems: RefoldError[];
}

/**
 * The chosen name by section: as configured, or the only one there is. A device may be `auto`.
 * Sections without any provider are left to the plan, unless the configuration names one.
 */
export function chooseUses({
  tree,
  declared,
  complete,
  problems,
}: ChooseUses): ReadonlyMap<string, string> {
  const uses = new Map<string, string>();
  const sections = new Set<string>(CORE_CHOICES);
  for (const { point } of declared) {
    if (point.section !== null && point.cardinality === 'one') sections.add(point.section);
  }
  for (const section of sections) {
    const providers = declared.filter(
      ({ point }) => point.section === section && point.cardinality === 'one',
    );
    const names = [...new Set(providers.flatMap(namesOf))];
    const path = `${section}.use`;
    const given =
      valueAt(tree.value, [section, 'use']) ?? (section === 'device' ? 'auto' : undefined);
    if (given === undefined) {
      if (names.length === 1) uses.set(section, names[0] as string);
      else if (names.length > 1) problems.push(missingKey(path, `one of ${names.join(', ')}`));
      continue;
    }
    // A value of another type is told by the schema.
    if (typeof given !== 'string') continue;
    if (names.includes(given) || (section === 'device' && given === 'auto')) {
      uses.set(section, given);
    } else if (complete) {
      const origin = originAt(tree.origins, [section, 'use']);
      const plugin = pluginOfUse(section, given);
      const provided =
        plugin !== undefined && names.some((name) => pluginOfUse(section, name) === plugin);
      problems.push(
        unknownName(path, given, names, origin, {
          near: nearest(given, names),
          hint: plugin && !provided ? `Add ${plugin} to plugins.` : undefined,
        }),
      );
    }
  }
  return uses;
}
