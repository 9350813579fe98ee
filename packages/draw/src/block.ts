import type { Label } from './label.js';

/** Lengths are in pixels at the picture's own size; y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rectangle extends Point {
  readonly width: number;
  readonly height: number;
}

/** A node's box. */
export interface Box extends Rectangle {
  readonly label: Label;
  /** Whether it belongs to a region, or is the convolution of one. */
  readonly fuses: boolean;
}

/** A line around boxes. */
export interface Frame extends Rectangle {
  readonly kind: 'region' | 'repeat';
  /** At its upper edge. */
  readonly caption: string;
}

/** Where a value goes: down from point to point; steps aside lie between rows of boxes. Has a head where it meets a box. */
export interface Edge {
  readonly points: readonly Point[];
}

/** A part of a picture, its upper left corner at 0, 0. One value goes in at the upper edge, one comes out at the lower. */
export interface Block {
  readonly width: number;
  readonly height: number;
  readonly entryX: number;
  readonly exitX: number;
  readonly boxes: readonly Box[];
  readonly frames: readonly Frame[];
  readonly edges: readonly Edge[];
}

/** The block elsewhere: as parts of a larger one. */
export function moved(block: Block, dx: number, dy: number): Block {
  const shift = <T extends Point>(one: T): T => ({ ...one, x: one.x + dx, y: one.y + dy });
  return {
    ...block,
    entryX: block.entryX + dx,
    exitX: block.exitX + dx,
    boxes: block.boxes.map(shift),
    frames: block.frames.map(shift),
    edges: block.edges.map(({ points }) => ({ points: points.map(shift) })),
  };
}
