import type { Block, Box } from './block.js';
import type { Label } from './label.js';
import { textWidth } from './text-width.js';

/** Free space beside and between lines of text in a box. */
export const PADDING = 9;
/** Distances of the lines' baselines from the upper edge of a box. */
export const BASELINES = [18, 33, 48] as const;
/** With and without a line of details. */
const HEIGHTS = { detailed: 57, short: 42 } as const;
const WIDEST = 420;
const NARROWEST = 120;

/** A single box, as wide as its text up to a limit. */
export function leafBlock(label: Label, fuses: boolean): Block {
  const text = Math.max(
    textWidth(label.title, 'title'),
    textWidth(label.name, 'name'),
    textWidth(label.detail, 'detail'),
  );
  const width = Math.ceil(Math.min(WIDEST, Math.max(NARROWEST, text + 2 * PADDING)));
  const height = label.detail === '' ? HEIGHTS.short : HEIGHTS.detailed;
  const box: Box = { x: 0, y: 0, width, height, label, fuses };
  const middle = width / 2;
  return {
    ...{ width, height, entryX: middle, exitX: middle },
    ...{ boxes: [box], frames: [], edges: [] },
  };
}
