import type { Member, Unit } from './unit.js';

/** A node that is drawn, and for how many equal ones in parallel branches it stands. */
export interface CountedMember {
  readonly member: Member;
  readonly times: number;
}

/**
 * Equal parallel branches of a region (MobileOne's, which differ in their weights alone) once, with their number:
 * chains from the value that goes into the region to its last node.
 */
export function foldBranches({ members }: Pick<Unit, 'members'>): readonly CountedMember[] {
  const last = members.at(-1)!;
  const byName = new Map(members.map((member) => [member.node.name, member]));
  const readers = new Map<string, number>();
  for (const { node } of members) {
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  const times = new Map<string, number>();
  const first = new Map<string, readonly Member[]>();
  const dropped = new Set<string>();
  for (const input of last.node.inputs) {
    const chain = chainUpFrom(input, byName, readers);
    if (!chain) continue;
    const key = JSON.stringify(chain.map(({ node, shape }) => [node.op, node.attrs, shape]));
    const same = first.get(key);
    if (!same) first.set(key, chain);
    for (const { node } of same ?? []) times.set(node.name, (times.get(node.name) ?? 1) + 1);
    if (same) for (const { node } of chain) dropped.add(node.name);
  }
  return members
    .filter(({ node }) => !dropped.has(node.name))
    .map((member) => ({ member, times: times.get(member.node.name) ?? 1 }));
}

/** Nodes from this one up to the region's input, where each reads one value and is read once; else nothing. */
function chainUpFrom(
  name: string,
  byName: ReadonlyMap<string, Member>,
  readers: ReadonlyMap<string, number>,
): readonly Member[] | undefined {
  const chain: Member[] = [];
  for (let at = byName.get(name); at; at = byName.get(at.node.inputs[0]!)) {
    if (at.node.inputs.length !== 1 || readers.get(at.node.name) !== 1) return undefined;
    chain.push(at);
  }
  return chain.length > 0 ? chain : undefined;
}
