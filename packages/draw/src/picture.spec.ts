import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Point, Rectangle } from './block.js';
import { pictureOf } from './draw-network.js';
import type { Column } from './picture.js';
import { arbitraryNetwork } from './spec-kit/arbitrary-network.js';

const options = fc.record({
  form: fc.constantFrom('both', 'train', 'fused'),
  fold: fc.boolean(),
  collapse: fc.boolean(),
});
/** Half a pixel is what rounding may take. */
const SLACK = 0.5;

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x + a.width > b.x + SLACK &&
  b.x + b.width > a.x + SLACK &&
  a.y + a.height > b.y + SLACK &&
  b.y + b.height > a.y + SLACK;
const inside = (outer: Rectangle, one: Rectangle): boolean =>
  one.x >= outer.x - SLACK &&
  one.y >= outer.y - SLACK &&
  one.x + one.width <= outer.x + outer.width + SLACK &&
  one.y + one.height <= outer.y + outer.height + SLACK;
const holds = ({ x, y, width, height }: Rectangle, point: Point): boolean =>
  point.x > x + SLACK &&
  point.x < x + width - SLACK &&
  point.y > y + SLACK &&
  point.y < y + height - SLACK;

function pairs<T>(list: readonly T[]): readonly (readonly [T, T])[] {
  return list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b] as const));
}

/** Places on a line as it is drawn: straight, or an S with both ends upright. */
function along(points: readonly Point[]): readonly Point[] {
  return points.slice(1).flatMap((to, i) => {
    const from = points[i]!;
    return Array.from({ length: 17 }, (_, step) => {
      const t = step / 16;
      const ease = 3 * (1 - t) * t * t + t ** 3;
      const y = 1.5 * (1 - t) ** 2 * t + 1.5 * (1 - t) * t * t + t ** 3;
      return { x: from.x + (to.x - from.x) * ease, y: from.y + (to.y - from.y) * y };
    });
  });
}

const outline = ({ x, width, boxes }: Column): Rectangle => {
  const top = Math.min(...boxes.map((box) => box.y));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y: top, width, height: bottom - top };
};

describe('a picture of any network', () => {
  const check = (property: (picture: ReturnType<typeof pictureOf>) => void): void =>
    fc.assert(
      fc.property(arbitraryNetwork, options, (network, chosen) =>
        property(pictureOf(network, chosen)),
      ),
      { numRuns: 40 },
    );

  it('has no boxes that overlap, nor columns', () =>
    check(({ columns }) => {
      for (const { boxes } of columns)
        for (const [a, b] of pairs(boxes)) expect(overlap(a, b)).toBe(false);
      for (const [a, b] of pairs(columns.map(outline))) expect(overlap(a, b)).toBe(false);
    }));

  it('has boxes that are wholly inside a frame or wholly outside, and frames that do not overlap', () =>
    check(({ columns, repeats }) => {
      for (const { boxes, frames } of columns) {
        for (const frame of [...frames, ...repeats])
          for (const box of boxes) expect(inside(frame, box)).toBe(overlap(frame, box));
        for (const [a, b] of pairs(frames)) expect(overlap(a, b)).toBe(false);
        for (const repeat of repeats)
          for (const frame of frames) expect(inside(repeat, frame)).toBe(overlap(repeat, frame));
      }
      for (const [a, b] of pairs(repeats)) expect(overlap(a, b)).toBe(false);
    }));

  it('lies in its page', () =>
    check(({ width, height, columns, repeats }) => {
      const page = { x: 0, y: 0, width, height };
      const parts = columns.flatMap(({ boxes, frames }) => [...boxes, ...frames]);
      for (const part of [...parts, ...repeats]) expect(inside(page, part)).toBe(true);
    }));

  it('has lines that cross no box and go down', () =>
    check(({ columns }) => {
      for (const { boxes, edges } of columns) {
        for (const { points } of edges) {
          for (const [i, { y }] of points.slice(1).entries())
            expect(y).toBeGreaterThanOrEqual(points[i]!.y - SLACK);
          for (const point of along(points))
            expect(boxes.filter((box) => holds(box, point))).toEqual([]);
        }
      }
    }));

  it('joins each region straight across to the convolution that it becomes', () =>
    check(({ columns, links }) => {
      const [train, fused] = columns;
      const targets = fused ? fused.boxes.filter(({ fuses }) => fuses) : [];
      expect(links).toHaveLength(targets.length);
      for (const [i, [from, to]] of links.entries()) {
        expect(from.y).toBeCloseTo(to.y, 3);
        expect(to.x).toBe(targets[i]!.x);
        const starts = [...train!.frames, ...train!.boxes].filter(
          ({ x, y, width, height }) =>
            Math.abs(x + width - from.x) < 0.01 && from.y > y && from.y < y + height,
        );
        expect(starts.length).toBeGreaterThan(0);
      }
    }));
});

describe('a picture without folding', () => {
  it('has a box for every node', () =>
    fc.assert(
      fc.property(arbitraryNetwork, (network) => {
        const { columns } = pictureOf(network, { fold: false });
        expect(columns.map(({ boxes }) => boxes.map(({ label }) => label.name).sort())).toEqual(
          [network.train!, network.fused].map(({ nodes }) => nodes.map(({ name }) => name).sort()),
        );
      }),
      { numRuns: 40 },
    ));
});
