import type { Atom } from './atom.js';
import type { Unit } from './unit.js';

/** Atoms that are drawn once and stand for `times` equal stretches of the network, one after the other. */
export interface Section {
  readonly atoms: readonly Atom[];
  readonly times: number;
  /** Paths of the first and the last block that it stands for (`stages.2.1`, `stages.2.13`); empty where they have none. */
  readonly from: string;
  readonly to: string;
}

/** Longest block that is looked for, in atoms. */
const LONGEST = 16;

/**
 * Folds equal neighbours: from each atom on, the block (of up to 16 atoms) whose repeats cover most is drawn once.
 * Atoms are equal where ops, attributes, shapes and connections are; only names differ.
 */
export function foldRepeats(atoms: readonly Atom[]): readonly Section[] {
  const keys = atoms.map(keyOf);
  const sections: Section[] = [];
  for (let at = 0; at < atoms.length;) {
    let [length, times] = [1, 1];
    for (let period = 1; period <= Math.min(LONGEST, (atoms.length - at) / 2); period++) {
      const count = repeatsFrom(keys, at, period);
      if (count > 1 && count * period > length * times) [length, times] = [period, count];
    }
    const lead = times > 1 ? leadOf(atoms, keys, at, length, times) : 0;
    for (const end = at + lead; at < end; at++) sections.push(sectionOf(atoms, at, 1, 1));
    sections.push(sectionOf(atoms, at, length, times));
    at += length * times;
  }
  return sections;
}

/** Every atom drawn. */
export function withoutFolding(atoms: readonly Atom[]): readonly Section[] {
  return atoms.map((_, at) => sectionOf(atoms, at, 1, 1));
}

function sectionOf(atoms: readonly Atom[], at: number, length: number, times: number): Section {
  const covered = atoms.slice(at, at + length * times).flatMap(({ units }) => units);
  const from = parentOf(covered[0]!.name);
  const to = parentOf(covered.at(-1)!.name);
  return { atoms: atoms.slice(at, at + length), times, from, to };
}

/**
 * How many atoms later the same repeats can begin, with the first unit of a block: after `conv, ReLU, conv, ReLU, …`
 * the ReLU of the block before is not the start of anything.
 */
function leadOf(
  atoms: readonly Atom[],
  keys: readonly string[],
  at: number,
  length: number,
  times: number,
): number {
  for (let lead = 0; lead < length; lead++) {
    if (repeatsFrom(keys, at + lead, length) < times) return 0;
    const [before, first] = [atoms[at + lead - 1]?.units.at(-1), atoms[at + lead]?.units[0]];
    if (before && first && !sameBlock(before.name, first.name)) return lead;
  }
  return 0;
}

/** Whether one of the two lies in the folder of the other (`stages.2.5.attn.gate`, `stages.2.5.act`). */
function sameBlock(a: string, b: string): boolean {
  const [one, other] = [parentOf(a), parentOf(b)];
  return `${a}.`.startsWith(`${other}.`) || `${b}.`.startsWith(`${one}.`);
}

function repeatsFrom(keys: readonly string[], at: number, period: number): number {
  let end = at + period;
  while (end < keys.length && keys[end] === keys[end - period]) end++;
  return Math.floor((end - at) / period);
}

function keyOf({ units, entry }: Atom): string {
  const place = new Map(units.map(({ name }, i) => [name, i]));
  return JSON.stringify(
    units.map((unit) => [
      unit.fused.node.op,
      unit.fused.node.attrs,
      unit.fused.shape,
      unit.inputs.map((input) => (input === entry ? 'entry' : place.get(input))),
      ...membersKey(unit),
    ]),
  );
}

function membersKey({ members }: Unit): unknown[] {
  const place = new Map(members.map(({ node }, i) => [node.name, i]));
  return members.map(({ node, shape }) => [
    node.op,
    node.attrs,
    shape,
    node.inputs.map((input) => place.get(input) ?? 'entry'),
  ]);
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}
