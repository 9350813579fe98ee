import { Graph, layout } from '@dagrejs/dagre';
import { moved, type Block, type Edge, type Point } from './block.js';

/** A block among others, and which of them it reads. */
export interface LayeredItem {
  readonly id: string;
  readonly block: Block;
  /** Ids; `null` stands for the value that goes in. */
  readonly inputs: readonly (string | null)[];
  /** Height of its place where it needs not fill it; it is put in the middle. Default: its own. */
  readonly slotHeight?: number;
}

const GAP = { across: 18, down: 15 } as const;
/** An id that no item has: items are numbered. */
const ENTRY = 'entry';

/**
 * Lays blocks out in rows, each below what it reads (dagre: Gansner et al. 1993). The value that goes in comes from the
 * upper edge. Lines step aside only between rows, so they cross no block.
 *
 * @param exit id of the item whose value comes out
 */
export function layered(items: readonly LayeredItem[], exit: string): Block {
  const [only] = items;
  if (items.length === 1 && only) return inSlot(only);
  const graph = new Graph();
  graph.setGraph({ nodesep: GAP.across, edgesep: GAP.across, ranksep: GAP.down, rankdir: 'TB' });
  graph.setDefaultEdgeLabel(() => ({}));
  const numbers = new Map(items.map(({ id }, i) => [id, String(i)]));
  const numberOf = (input: string | null) => (input === null ? ENTRY : numbers.get(input)!);
  graph.setNode(ENTRY, { width: 1, height: 1 });
  for (const { id, block, slotHeight = block.height } of items) {
    graph.setNode(numberOf(id), { width: block.width, height: slotHeight });
  }
  for (const { id, inputs } of items) {
    for (const input of inputs) graph.setEdge(numberOf(input), numberOf(id));
  }
  layout(graph);

  const centre = (number: string): Point => graph.node(number) as Point;
  const placed = new Map(
    items.map(({ id, block }) => {
      const { x, y } = centre(numberOf(id));
      return [id, moved(block, x - block.width / 2, y - block.height / 2)];
    }),
  );
  const tops = new Map(
    items.map(({ id, block }) => [id, centre(numberOf(id)).y - block.height / 2]),
  );
  const rows = rowsOf(items, (id) => centre(numberOf(id)).y);
  const entry: Point = centre(ENTRY);

  const edges = items.flatMap(({ id, inputs }) => {
    const own = placed.get(id)!;
    const lines = [...new Set(inputs)].map((input) => {
      const from =
        input === null ? entry : { x: placed.get(input)!.exitX, y: bottomOf(input, items, tops) };
      const found = graph.edge(numberOf(input), numberOf(id)) as { points: readonly Point[] };
      const between = found.points.slice(1, -1).flatMap((point) => throughRow(point, rows));
      return { from, between };
    });
    return spread(lines, own, tops.get(id)!, items.find((item) => item.id === id)!.block.width);
  });
  return bounded([...placed.values()], straightened(edges, rows), entry.x, placed.get(exit)!.exitX);
}

function inSlot({ block, slotHeight = block.height }: LayeredItem): Block {
  const dy = (slotHeight - block.height) / 2;
  if (dy === 0) return block;
  const { entryX, exitX } = block;
  const line = (x: number, y: number): Edge => ({
    points: [
      { x, y },
      { x, y: y + dy },
    ],
  });
  const inner = moved(block, 0, dy);
  const edges = [...inner.edges, line(entryX, 0), line(exitX, dy + block.height)];
  return { ...inner, height: slotHeight, edges };
}

/** Upper and lower edge of every row of blocks. */
type Row = readonly [top: number, bottom: number];

function rowsOf(items: readonly LayeredItem[], centreOf: (id: string) => number): readonly Row[] {
  const rows = new Map<number, number>();
  for (const { id, block, slotHeight = block.height } of items) {
    const y = Math.round(centreOf(id));
    rows.set(y, Math.max(rows.get(y) ?? 0, slotHeight / 2));
  }
  return [...rows].map(([y, half]): Row => [y - half, y + half]).sort((a, b) => a[0] - b[0]);
}

/** A line that passes a row passes it straight down. */
function throughRow({ x, y }: Point, rows: readonly Row[]): readonly Point[] {
  const row = rows.find(([top, bottom]) => y >= top - 1 && y <= bottom + 1);
  return row
    ? [
        { x, y: row[0] },
        { x, y: row[1] },
      ]
    : [];
}

function bottomOf(
  id: string,
  items: readonly LayeredItem[],
  tops: ReadonlyMap<string, number>,
): number {
  return tops.get(id)! + items.find((item) => item.id === id)!.block.height;
}

interface Line {
  readonly from: Point;
  readonly between: readonly Point[];
}

/** Several lines into one block arrive side by side, in the order in which they come. */
function spread(lines: readonly Line[], own: Block, top: number, width: number): readonly Edge[] {
  const last = ({ from, between }: Line) => (between.at(-1) ?? from).x;
  const sorted = lines.toSorted((a, b) => last(a) - last(b));
  const step = Math.min(28, width / (sorted.length + 1));
  return sorted.map(({ from, between }, i) => {
    const x = own.entryX + (i - (sorted.length - 1) / 2) * step;
    return { points: [from, ...between, { x, y: top }] };
  });
}

/** Where a block is lower than its row, lines go straight down to the row's edge before they turn, and from it. */
function straightened(edges: readonly Edge[], rows: readonly Row[]): readonly Edge[] {
  return edges.map(({ points }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    const bottom = rows.find(([a, b]) => first.y > a && first.y < b - 0.5)?.[1];
    const top = rows.find(([a, b]) => last.y > a + 0.5 && last.y < b)?.[0];
    return {
      points: [
        first,
        ...(bottom === undefined ? [] : [{ x: first.x, y: bottom }]),
        ...points.slice(1, -1),
        ...(top === undefined ? [] : [{ x: last.x, y: top }]),
        last,
      ],
    };
  });
}

/** One block of many, its corner at 0, 0. */
function bounded(
  parts: readonly Block[],
  edges: readonly Edge[],
  entryX: number,
  exitX: number,
): Block {
  const boxes = parts.flatMap((part) => part.boxes);
  const frames = parts.flatMap((part) => part.frames);
  const all = [...parts.flatMap((part) => part.edges), ...edges];
  const rectangles = [...boxes, ...frames];
  const points = all.flatMap((edge) => edge.points);
  const left = Math.min(...rectangles.map(({ x }) => x), ...points.map(({ x }) => x));
  const right = Math.max(
    ...rectangles.map(({ x, width }) => x + width),
    ...points.map(({ x }) => x),
  );
  const top = Math.min(...rectangles.map(({ y }) => y), ...points.map(({ y }) => y));
  const bottom = Math.max(...rectangles.map(({ y, height }) => y + height));
  const whole = { width: right - left, height: bottom - top, entryX, exitX };
  return moved({ ...whole, boxes, frames, edges: all }, -left, -top);
}
