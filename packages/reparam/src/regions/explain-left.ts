import type { RegionView } from './find-regions.js';
import { nodeMacs } from './find-regions.js';
import { inputsOf, type Unit } from './plan-units.js';

/** Something linear that did not become part of one convolution. */
export interface Left {
  /** Node that ends what was left. */
  readonly name: string;
  readonly reason: string;
}

const WITH_REASON = new Set(['batch_norm', 'scale', 'avg_pool', 'add', 'weighted_sum', 'concat']);

/**
 * Why the plan fuses no more than it does: one entry for each place where a larger region was refused or cost
 * more, and for each linear node that found no convolution. Plain convolutions are done, not left.
 */
export function explainLeft(units: readonly Unit[], view: RegionView): readonly Left[] {
  const left: Left[] = [];
  const explained = new Set<string>();
  for (const unit of units.toReversed()) {
    const { name, op } = unit.node;
    if (explained.has(name)) continue;
    const found = view.regions.get(name);
    if (!found) continue;

    const chosen = unit.region?.nodes.length ?? 1;
    const larger = found.candidates.filter((candidate) => candidate.nodes.length > chosen);
    const refused = larger
      .map((candidate) => ({ candidate, reason: reasonAgainst(candidate, unit, units, view) }))
      .find(({ reason }) => reason !== undefined);
    if (refused?.reason !== undefined) {
      left.push({ name, reason: refused.reason });
      for (const node of refused.candidate.nodes) {
        if (!units.some((other) => other.region && other.node.name === node.name)) {
          explained.add(node.name);
        }
      }
    } else if (!unit.region && WITH_REASON.has(op)) {
      left.push({ name, reason: aloneReason(unit, found.bound) });
    }
  }
  return left.reverse();
}

type Candidate = NonNullable<ReturnType<RegionView['regions']['get']>>['candidates'][number];

/** Undefined for a region that was as good as the one chosen. */
function reasonAgainst(
  candidate: Candidate,
  unit: Unit,
  units: readonly Unit[],
  view: RegionView,
): string | undefined {
  if (!candidate.fusible) return candidate.reason;
  const inside = new Set(candidate.nodes.map(({ name }) => name));
  const instead = units
    .filter(({ node }) => inside.has(node.name))
    .reduce(
      (total, { node, region }) => total + (region?.fusedMacs ?? nodeMacs(node, view.shapes)),
      0,
    );
  const { fusedMacs } = candidate.result;
  if (fusedMacs <= instead) return undefined;
  if (instead === 0) return 'there is no convolution in it to fold into';
  return `one convolution from '${candidate.root}' to '${unit.node.name}' would cost ${fusedMacs} multiply-adds instead of ${instead}`;
}

function aloneReason(unit: Unit, bound: string | undefined): string {
  const inputs = inputsOf(unit);
  if (bound !== undefined) {
    return inputs.length > 1 ? `its inputs have no common linear origin: ${bound}` : bound;
  }
  return 'there is no convolution beside it to fold into';
}
