import { providedTwice } from './errors.js';
import type { ExtensionPoint } from './extension-point.js';
import type { Plugin, Provide, Provider } from './plugin.js';

/** What a plugin declared in `setup`. */
export interface DeclaredProvider {
  /** Package name of the plugin. */
  readonly plugin: string;
  readonly point: ExtensionPoint<unknown>;
  readonly provider: Provider<unknown>;
}

/**
 * Calls `setup` of every plugin, in order, and records what it provides. Nothing is created.
 *
 * @param optionsOf a plugin's validated options
 * @throws RefoldError `RF-PLAN-DUPLICATE` if two providers of a point of which one is chosen have the same name, or
 * cannot be told apart because one has none
 */
export function collectProviders(
  plugins: readonly Plugin[],
  optionsOf: (plugin: Plugin) => unknown,
): readonly DeclaredProvider[] {
  const declared: DeclaredProvider[] = [];
  for (const plugin of plugins) {
    const provide: Provide = (point, provider) => {
      const entry = { plugin: plugin.name, point, provider } as unknown as DeclaredProvider;
      const rival = declared.find((other) => clashes(other, entry));
      if (rival) throw providedTwice(rival, entry);
      declared.push(entry);
    };
    plugin.setup({ options: optionsOf(plugin), provide });
  }
  return declared;
}

/** Names a provider can be chosen by; a provider without names goes by its point's. */
export function namesOf({ point, provider }: DeclaredProvider): readonly string[] {
  return provider.use ?? [point.name];
}

function clashes(a: DeclaredProvider, b: DeclaredProvider): boolean {
  if (a.point.name !== b.point.name || a.point.cardinality !== 'one') return false;
  if (!a.provider.use || !b.provider.use) return true;
  return a.provider.use.some((name) => b.provider.use?.includes(name));
}
