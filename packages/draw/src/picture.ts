import { count } from '@refold/graph';
import { atomsOf, type Atom } from './atom.js';
import { moved, type Block, type Box, type Edge, type Frame, type Point } from './block.js';
import type { DrawnForm, DrawnNetwork } from './drawn-network.js';
import { costTexts } from './label.js';
import { layered } from './layered.js';
import { foldRepeats, withoutFolding, type Section } from './section.js';
import { textWidth } from './text-width.js';
import { unitBlock } from './unit-block.js';
import { unitsOf, type Unit } from './unit.js';

export interface PictureOptions {
  /** Forms, from left to right. */
  readonly forms: readonly DrawnForm[];
  /** Equal neighbours and equal branches once, with their number. */
  readonly fold: boolean;
  /** Every region as one box. */
  readonly collapse: boolean;
}

/** Everything that is drawn, in place. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly Column[];
  /** Around the repeated rows of all columns. */
  readonly repeats: readonly Frame[];
  /** From a region to the convolution that it becomes. */
  readonly links: readonly (readonly [from: Point, to: Point])[];
}

export interface Column {
  readonly form: DrawnForm;
  readonly x: number;
  readonly width: number;
  readonly heading: readonly string[];
  readonly boxes: readonly Box[];
  readonly frames: readonly Frame[];
  readonly edges: readonly Edge[];
}

export const MARGIN = 24;
/** Space for title and headings. */
export const HEADER = 112;
const ROW_GAP = 20;
const COLUMN_GAP = 72;
const REPEAT = { margin: 14, caption: 26 } as const;

/**
 * Lays a network out: one column per form, a row for each stretch of the network, so that every region stands beside
 * the convolution that it becomes.
 */
export function layOut(network: DrawnNetwork, options: PictureOptions): Picture {
  const atoms = atomsOf(unitsOf(network));
  const sections = options.fold ? foldRepeats(atoms) : withoutFolding(atoms);
  const rows = sections.map((section) => section.atoms.map((atom) => rowOf(atom, options)));
  const headings = options.forms.map((form) => headingOf(network, form));
  const widths = options.forms.map((_, i) =>
    Math.max(
      ...rows.flat().map((row) => row.blocks[i]!.width),
      ...headings[i]!.map((line) => textWidth(line, 'title')),
    ),
  );
  const side = MARGIN + REPEAT.margin;
  const xs = widths.map((_, i) =>
    widths.slice(0, i).reduce((x, width) => x + width + COLUMN_GAP, side),
  );
  const width = xs.at(-1)! + widths.at(-1)! + side;
  return place({ sections, rows, xs, widths, headings, width }, options);
}

interface Plan {
  readonly sections: readonly Section[];
  readonly rows: readonly (readonly Row[])[];
  readonly xs: readonly number[];
  readonly widths: readonly number[];
  readonly headings: readonly (readonly string[])[];
  readonly width: number;
}

/** One atom in every form. */
interface Row {
  readonly atom: Atom;
  readonly blocks: readonly Block[];
  readonly height: number;
}

function rowOf(atom: Atom, { forms, ...style }: PictureOptions): Row {
  const ids = new Set(atom.units.map(({ name }) => name));
  const inputsOf = ({ inputs }: Unit) => inputs.map((input) => (ids.has(input) ? input : null));
  const units = atom.units.map((unit) => {
    const drawn = forms.map((form) => unitBlock(unit, form, style));
    return { unit, drawn, slotHeight: Math.max(...drawn.map(({ height }) => height)) };
  });
  // Equal heights of places give equal rows in every form.
  const blocks = forms.map((_, i) =>
    layered(
      units.map(({ unit, drawn, slotHeight }) => ({
        ...{ id: unit.name, block: drawn[i]!, inputs: inputsOf(unit), slotHeight },
      })),
      atom.units.at(-1)!.name,
    ),
  );
  return { atom, blocks, height: Math.max(...blocks.map(({ height }) => height)) };
}

function place(plan: Plan, { forms }: PictureOptions): Picture {
  const parts = forms.map(() => [] as Block[]);
  const joints = forms.map(() => [] as Edge[]);
  const repeats: Frame[] = [];
  const links: (readonly [Point, Point])[] = [];
  let y = HEADER;
  for (const [s, section] of plan.sections.entries()) {
    const folded = section.times > 1;
    const top = y;
    if (folded) y += REPEAT.caption;
    for (const { atom, blocks, height } of plan.rows[s]!) {
      for (const [i, block] of blocks.entries()) {
        const placed = moved(block, plan.xs[i]! + (plan.widths[i]! - block.width) / 2, y);
        const before = parts[i]!.at(-1);
        if (before && atom.entry !== undefined) joints[i]!.push(joint(before, placed, y));
        parts[i]!.push(placed);
        ends.set(placed, y + block.height);
      }
      links.push(...linksOf(parts.map((column) => column.at(-1)!)));
      y += height + ROW_GAP;
    }
    if (folded) {
      y += REPEAT.margin - ROW_GAP;
      const frame = { x: MARGIN, y: top, width: plan.width - 2 * MARGIN, height: y - top };
      repeats.push({ ...frame, kind: 'repeat', caption: repeatCaption(section) });
      y += ROW_GAP;
    }
  }
  const columns = forms.map((form, i) => ({
    ...{ form, x: plan.xs[i]!, width: plan.widths[i]!, heading: plan.headings[i]! },
    boxes: parts[i]!.flatMap(({ boxes }) => boxes),
    frames: parts[i]!.flatMap(({ frames }) => frames),
    edges: [...parts[i]!.flatMap(({ edges }) => edges), ...joints[i]!],
  }));
  return { width: plan.width, height: y - ROW_GAP + MARGIN, columns, repeats, links };
}

/** Lower edges of placed blocks. */
const ends = new WeakMap<Block, number>();

function joint(before: Block, after: Block, y: number): Edge {
  return {
    points: [
      { x: before.exitX, y: ends.get(before)! },
      { x: after.entryX, y },
    ],
  };
}

/** Regions and their convolutions come in the same order in every column. */
function linksOf(columns: readonly Block[]): readonly (readonly [Point, Point])[] {
  const [left, right] = columns;
  if (!left || !right) return [];
  const frames = left.frames.length > 0 ? left.frames : left.boxes.filter(({ fuses }) => fuses);
  const targets = right.boxes.filter(({ fuses }) => fuses);
  return frames.map((frame, i) => {
    const target = targets[i]!;
    const y = target.y + target.height / 2;
    return [
      { x: frame.x + frame.width, y },
      { x: target.x, y },
    ];
  });
}

function repeatCaption({ times, from, to }: Section): string {
  const range = from === '' ? '' : from === to ? ` in ${from}` : `, from ${from} to ${to}`;
  return `× ${times}${range}`;
}

function headingOf(network: DrawnNetwork, form: DrawnForm): readonly string[] {
  const graph = form === 'train' ? network.train! : network.fused;
  const nodes = graph.nodes.length;
  return [
    form === 'train' ? 'Train form' : 'Fused form',
    [`${nodes} nodes`, ...costTexts(count(graph))].join(' · '),
  ];
}
