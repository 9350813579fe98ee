import { distance } from 'fastest-levenshtein';

/** Spellings that mean the same: `batch_size`, `batch-size`, `batchSize`. */
export function normalName(name: string): string {
  return name.replaceAll(/[-_]/g, '').toLowerCase();
}

/**
 * The candidate a mistyped name most likely meant, or undefined where none is near.
 * Spelling of case, hyphens and underscores does not count; a candidate may also be met by its last
 * part alone (`batchSize` for `data.batchSize`). Ties go to the earlier candidate.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalName(name);
  if (wanted === '') return undefined;
  let best: string | undefined;
  let bestCost = Infinity;
  for (const candidate of candidates) {
    const full = normalName(candidate);
    const last = full.slice(full.lastIndexOf('.') + 1);
    const cost = Math.min(distance(wanted, full), distance(wanted, last) + 0.5);
    const short = Math.min(wanted.length, full.length);
    const allowed = short < 3 ? 0.5 : Math.max(1, Math.floor(short / 3)) + 0.5;
    if (cost <= allowed && cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}
