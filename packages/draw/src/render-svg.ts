import type { Box, Edge, Frame, Point, Rectangle } from './block.js';
import type { DrawnForm } from './drawn-network.js';
import { BASELINES, PADDING } from './leaf.js';
import { HEADER, MARGIN, type Column, type Picture } from './picture.js';
import { styleSheet } from './style.js';
import { shortened } from './text-width.js';
import { element, escapeXml, rounded } from './xml.js';

/** What the picture says in words. */
export interface Words {
  readonly title: string;
  /** For those who do not see it. */
  readonly description: string;
  /** How to read it, under the title. */
  readonly legend: string;
}

/** A picture as one SVG document of its own: no scripts, no fonts or files from elsewhere. */
export function renderSvg(picture: Picture, { title, description, legend }: Words): string {
  const { width, height, columns, repeats, links } = picture;
  const size = { width: Math.ceil(width), height: Math.ceil(height) };
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'refold',
    role: 'img',
    'aria-labelledby': 'refold-title refold-description',
    ...size,
    viewBox: `0 0 ${size.width} ${size.height}`,
  };
  const text = (kind: string, x: number, y: number, words: string) =>
    element('text', { class: kind, x, y }, escapeXml(words));
  const content = [
    element('title', { id: 'refold-title' }, escapeXml(title)),
    element('desc', { id: 'refold-description' }, escapeXml(description)),
    element('style', {}, styleSheet().replaceAll('<', '&lt;')),
    element('defs', {}, arrowHead('refold-head', 'head') + arrowHead('refold-link', 'link-head')),
    element('rect', { class: 'page', ...size }),
    text('h1', MARGIN, 36, shortened(title, 'title', (width - 2 * MARGIN) * 0.64)),
    text('sub', MARGIN, 57, legend),
    ...repeats.map(renderRectangle),
    ...columns.map(renderColumn),
    ...repeats.map(renderCaption),
    ...links.map(([from, to]) =>
      element('path', {
        class: 'link',
        d: `M${at(from)}L${at({ x: to.x - 1, y: to.y })}`,
        'marker-end': 'url(#refold-link)',
      }),
    ),
  ];
  return `${element('svg', attributes, `\n${content.join('\n')}\n`)}\n`;
}

function renderColumn({ form, x, heading: [name = '', costs = ''], ...parts }: Column): string {
  const { boxes, frames, edges } = parts;
  return element(
    'g',
    { class: `form-${form}` },
    [
      '',
      element('text', { class: 'h2', x, y: HEADER - 28 }, escapeXml(name)),
      element('text', { class: 'sub', x, y: HEADER - 10 }, escapeXml(costs)),
      ...frames.map(renderRectangle),
      ...edges.map((edge) => renderEdge(edge, [...boxes, ...frames])),
      ...frames.map(renderCaption),
      ...boxes.map((box) => renderBox(box, form)),
      '',
    ].join('\n'),
  );
}

function renderRectangle({ kind, x, y, width, height }: Frame): string {
  return element('rect', { class: kind, x, y, width, height, rx: 8 });
}

function renderCaption({ kind, caption, x, y, width }: Frame): string {
  const words = shortened(caption, 'caption', width - 24);
  const place = { class: `caption ${kind}-caption`, x: x + 12, y: y + 17 };
  return element('text', place, escapeXml(words));
}

function renderBox({ label, fuses, x, y, width, height }: Box, form: DrawnForm): string {
  const { title, name, detail, kind } = label;
  const special = fuses
    ? form === 'fused'
      ? 'becomes'
      : 'fuses'
    : kind === 'linear'
      ? kind
      : 'box';
  const room = width - 2 * PADDING;
  const line = (font: 'title' | 'name' | 'detail', words: string, i: 0 | 1 | 2) =>
    element(
      'text',
      { class: font, x: x + PADDING, y: y + BASELINES[i] },
      escapeXml(shortened(words, font, room)),
    );
  const whole = [title, ...(detail === '' ? [] : [detail])].join('; ');
  return element(
    'g',
    {},
    element('title', {}, escapeXml(`${name}: ${whole}`)) +
      element('rect', { class: special, x, y, width, height, rx: 5 }) +
      line('title', title, 0) +
      line('name', name, 1) +
      (detail === '' ? '' : line('detail', detail, 2)),
  );
}

function renderEdge({ points }: Edge, boxes: readonly Rectangle[]): string {
  const end = points.at(-1)!;
  const arrives = boxes.some(
    ({ x, y, width }) => Math.abs(y - end.y) < 0.5 && end.x >= x && end.x <= x + width,
  );
  return element('path', {
    class: 'edge',
    d: curve(points),
    ...(arrives && { 'marker-end': 'url(#refold-head)' }),
  });
}

/** Straight down, or in an S where a line steps aside. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  let d = `M${at(first!)}`;
  let from = first!;
  for (const to of rest) {
    const middle = (from.y + to.y) / 2;
    d +=
      Math.abs(to.x - from.x) < 0.05
        ? `V${rounded(to.y)}`
        : `C${rounded(from.x)} ${rounded(middle)} ${rounded(to.x)} ${rounded(middle)} ${at(to)}`;
    from = to;
  }
  return d;
}

const at = ({ x, y }: Point) => `${rounded(x)} ${rounded(y)}`;

function arrowHead(id: string, kind: string): string {
  const size = { viewBox: '0 0 8 8', refX: 8, refY: 4, markerWidth: 7, markerHeight: 7 };
  return element(
    'marker',
    { id, ...size, orient: 'auto', markerUnits: 'userSpaceOnUse' },
    element('path', { class: kind, d: 'M0 0.5L8 4L0 7.5z' }),
  );
}
