import { needMissing, needsCycle } from './errors.js';
import type { ChosenProvider } from './chosen-provider.js';

/**
 * Makes sure that every need of every chosen provider is met and that no provider needs itself in a circle,
 * before anything is made.
 *
 * @throws RefoldError `RF-PLAN-MISSING` (nothing provides a needed point), `RF-PLAN-CYCLE` (with the whole circle)
 */
export function checkNeeds(chosen: readonly ChosenProvider[]): void {
  const done = new Set<ChosenProvider>();
  const visit = (provider: ChosenProvider, path: readonly ChosenProvider[]): void => {
    if (path.includes(provider))
      throw needsCycle([...path.slice(path.indexOf(provider)), provider]);
    if (done.has(provider)) return;
    for (const [name, point] of Object.entries(provider.provider.needs ?? {})) {
      const met = chosen.filter((other) => other.point.name === point.name);
      if (met.length === 0 && point.cardinality === 'one') throw needMissing(provider, name, point);
      for (const next of met) visit(next, [...path, provider]);
    }
    if (provider.inner) visit(provider.inner, [...path, provider]);
    done.add(provider);
  };
  for (const provider of chosen) visit(provider, []);
}
