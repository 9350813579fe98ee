import { moved, type Block, type Frame } from './block.js';
import type { DrawnForm } from './drawn-network.js';
import { foldBranches } from './fold-branches.js';
import { costTexts, labelOf, type Label } from './label.js';
import { layered } from './layered.js';
import { leafBlock } from './leaf.js';
import { textWidth } from './text-width.js';
import type { Member, Unit } from './unit.js';

const MARGIN = 12;
const CAPTION = 24;

/** How much of a region is drawn. */
export interface RegionStyle {
  /** Equal branches once, with their number. */
  readonly fold: boolean;
  /** The whole region as one box. */
  readonly collapse: boolean;
}

/** A unit in one of the forms: a box, or a region's nodes in a frame. */
export function unitBlock(unit: Unit, form: DrawnForm, { fold, collapse }: RegionStyle): Block {
  if (form === 'fused') return leafBlock(labelOf(unit.fused), unit.isRegion);
  const [only] = unit.members;
  if (!unit.isRegion && only) return leafBlock(labelOf(only), false);
  return collapse ? leafBlock(summary(unit), true) : framed(unit, fold);
}

function framed(unit: Unit, fold: boolean): Block {
  const { members } = unit;
  const drawn = fold ? foldBranches(unit) : members.map((member) => ({ member, times: 1 }));
  const inRegion = new Set(members.map(({ node }) => node.name));
  const shown = new Set(drawn.map(({ member }) => member.node.name));
  const items = drawn.map(({ member, times }) => ({
    id: member.node.name,
    block: leafBlock(repeated(labelOf(member), times), true),
    inputs: member.node.inputs
      .filter((input) => shown.has(input) || !inRegion.has(input))
      .map((input) => (inRegion.has(input) ? input : null)),
  }));
  const inner = layered(items, members.at(-1)!.node.name);
  const caption = captionOf(members);
  const width = Math.max(inner.width, textWidth(caption, 'caption')) + 2 * MARGIN;
  const height = inner.height + CAPTION + MARGIN;
  const dx = (width - inner.width) / 2;
  const body = moved(inner, dx, CAPTION);
  const frame: Frame = { x: 0, y: 0, width, height, kind: 'region', caption };
  const { entryX, exitX } = body;
  const lead = {
    points: [
      { x: entryX, y: 0 },
      { x: entryX, y: CAPTION },
    ],
  };
  const tail = {
    points: [
      { x: exitX, y: height - MARGIN },
      { x: exitX, y: height },
    ],
  };
  return {
    ...{ width, height, entryX, exitX },
    boxes: body.boxes,
    frames: [frame, ...body.frames],
    edges: [...body.edges, lead, tail],
  };
}

function repeated(label: Label, times: number): Label {
  return times === 1 ? label : { ...label, title: `${times} × ${label.title}` };
}

function captionOf(members: readonly Member[]): string {
  const sum = { parameters: 0, macs: 0 };
  for (const { costs } of members) {
    sum.parameters += costs.parameters;
    sum.macs += costs.macs;
  }
  return [`${members.length} nodes`, ...costTexts(sum)].join(' · ');
}

/** `4 conv 3×3, 6 batch norm, sum` in one box. */
function summary({ members, name }: Unit): Label {
  const counts = new Map<string, number>();
  for (const member of members) {
    const [kind = ''] = labelOf(member).title.split(',');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const parts = [...counts].map(([kind, count]) => (count > 1 ? `${count} ${kind}` : kind));
  const shape = members.at(-1)!.shape.join(' × ');
  return {
    title: parts.join(', '),
    name: name.replace(/\.?reparam_conv(_\d+)?$/, '') || name,
    detail: `${shape} · ${captionOf(members)}`,
    kind: 'plain',
  };
}
