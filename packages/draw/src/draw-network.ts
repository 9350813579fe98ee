import { count, InternalError, type Graph } from '@refold/graph';
import type { DrawnForm, DrawnNetwork } from './drawn-network.js';
import { costTexts } from './label.js';
import { layOut, type Picture } from './picture.js';
import { renderSvg } from './render-svg.js';

export interface DrawOptions {
  /** Default: both where both are known. */
  readonly form?: 'both' | DrawnForm;
  /** Equal neighbours, and equal branches of a region, are drawn once, with their number. Default: true. */
  readonly fold?: boolean;
  /** Every region is one box that counts its nodes. Default: false. */
  readonly collapse?: boolean;
}

/**
 * Draws a network as an SVG document: its train form and its fused form side by side, every region in a frame beside
 * the convolution that it becomes. The same network gives the same bytes. Light and dark follow the reader's system;
 * title and description are there for those who listen.
 *
 * @returns the document, UTF-8 text
 */
export function drawNetwork(network: DrawnNetwork, options: DrawOptions = {}): string {
  const picture = pictureOf(network, options);
  const forms = picture.columns.map(({ form }) => form);
  const what = forms.length === 2 ? 'before and after fusion' : `${forms[0]} form`;
  const title = `${network.title}, ${what}`;
  return renderSvg(picture, {
    title,
    description: description(network, forms, picture),
    legend: legend(network, forms),
  });
}

/** @internal */
export function pictureOf(network: DrawnNetwork, options: DrawOptions): Picture {
  const { form = 'both', fold = true, collapse = false } = options;
  if (form === 'train' && !network.train) throw new InternalError('There is no train form.');
  const known: readonly DrawnForm[] = network.train ? ['train', 'fused'] : ['fused'];
  const forms = form === 'both' ? known : [form];
  return layOut(network, { forms, fold, collapse });
}

function legend({ regions }: DrawnNetwork, forms: readonly DrawnForm[]): string {
  if (regions.length === 0) return 'Shapes are channels × height × width.';
  const parts = [
    forms.length === 2
      ? 'A blue frame becomes the one convolution beside it'
      : forms[0] === 'train'
        ? 'A blue frame becomes one convolution'
        : 'A blue box was several branches in training',
    'shapes are channels × height × width',
  ];
  return `${parts.join('; ')}.`;
}

function description(
  { title, train, fused, regions }: DrawnNetwork,
  forms: readonly DrawnForm[],
  { repeats }: Picture,
): string {
  const say = (name: string, graph: Graph) =>
    `Its ${name} form has ${[`${graph.nodes.length} nodes`, ...costTexts(count(graph))].join(', ')}.`;
  return [
    `The network ${title}, from its input at the top to its output at the bottom.`,
    ...(train && forms.includes('train') ? [say('train', train)] : []),
    ...(forms.includes('fused') ? [say('fused', fused)] : []),
    ...(regions.length > 0
      ? [`${regions.length} of its regions become one convolution each.`]
      : []),
    ...repeats.map(({ caption }) => `Drawn once: ${caption}.`),
  ].join(' ');
}
