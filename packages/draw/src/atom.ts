import type { Unit } from './unit.js';

/**
 * A stretch of the network with one value going in and one coming out: one unit, or several where a value is used
 * later again (squeeze-excite, residuals). The network is its atoms one below the other.
 */
export interface Atom {
  readonly units: readonly Unit[];
  /** Name of the unit before, whose value goes in; absent for the first. */
  readonly entry?: string;
}

/** Cuts between units across which exactly the last unit's value is read. */
export function atomsOf(units: readonly Unit[]): readonly Atom[] {
  const lastUse = new Map<string, number>();
  for (const [i, { inputs }] of units.entries()) {
    for (const input of inputs) lastUse.set(input, i);
  }
  const atoms: Atom[] = [];
  let entry: string | undefined;
  let open: Unit[] = [];
  let furthest = -1;
  for (const [i, unit] of units.entries()) {
    open.push(unit);
    // The last unit's own value crosses the cut; every other's, and the entry's, must be used up.
    const inner = open.slice(0, -1).map(({ name }) => lastUse.get(name) ?? i);
    furthest = Math.max(...inner, entry === undefined ? -1 : (lastUse.get(entry) ?? -1));
    if (furthest > i) continue;
    atoms.push({ units: open, ...(entry !== undefined && { entry }) });
    entry = unit.name;
    open = [];
  }
  if (open.length > 0) atoms.push({ units: open, ...(entry !== undefined && { entry }) });
  return atoms;
}
