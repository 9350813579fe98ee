import type { GraphNode, NodeCosts, Pair, SampleShape } from '@refold/graph';
import { quantity } from './quantity.js';
import type { Member } from './unit.js';

/** What a box says. */
export interface Label {
  /** `conv 3×3, 48 → 96, stride 2`. */
  readonly title: string;
  /** The node's full name. */
  readonly name: string;
  /** Shape of the value where it is a new one, and costs where there are any; may be empty. */
  readonly detail: string;
  readonly kind: 'convolution' | 'linear' | 'plain';
}

export function labelOf({ node, inputs, shape, costs }: Member): Label {
  const text = shape.join(' × ');
  const isNew = node.op === 'conv2d' || inputs[0]?.join(' × ') !== text;
  return {
    title: titleOf(node, inputs),
    name: node.name,
    detail: [...(isNew ? [text] : []), ...costTexts(costs)].join(' · '),
    kind: node.op === 'conv2d' ? 'convolution' : node.op === 'linear' ? 'linear' : 'plain',
  };
}

/** `9.11 M parameters`, `1.36 GMACs`; what is zero is left out. */
export function costTexts({ parameters, macs }: NodeCosts): readonly string[] {
  return [
    ...(parameters > 0 ? [`${quantity(parameters)} parameters`] : []),
    ...(macs > 0 ? [`${quantity(macs)}${macs < 1000 ? ' ' : ''}MACs`] : []),
  ];
}

const NAMES: Partial<Record<GraphNode['op'], string>> = {
  batch_norm: 'batch norm',
  add: 'sum',
  mul: 'product',
  concat: 'concatenate',
  scale: 'scale channels',
  relu: 'ReLU',
  relu6: 'ReLU6',
  silu: 'SiLU',
  gelu: 'GELU',
  hard_swish: 'hard swish',
  global_avg_pool: 'global average pool',
  drop_path: 'drop path',
};

function titleOf(node: GraphNode, inputs: readonly SampleShape[]): string {
  switch (node.op) {
    case 'conv2d':
      return convolutionTitle(node.attrs, inputs[0]?.[0] ?? 0);
    case 'avg_pool':
    case 'max_pool': {
      const { kernel, stride } = node.attrs;
      const name = node.op === 'avg_pool' ? 'average pool' : 'max pool';
      return [`${name} ${by(kernel)}`, ...strideText(stride)].join(', ');
    }
    case 'linear':
      return `linear, ${inputs[0]?.[0] ?? 0} → ${node.attrs.outFeatures}`;
    case 'input':
      return `input, ${node.attrs.dtype === 'uint8' ? 'bytes' : 'numbers'}`;
    default:
      return NAMES[node.op] ?? node.op;
  }
}

function convolutionTitle(
  attrs: Extract<GraphNode, { op: 'conv2d' }>['attrs'],
  inChannels: number,
): string {
  const { kernel, stride, dilation, groups, outChannels, padding } = attrs;
  const depthwise = groups > 1 && groups === inChannels;
  const centred = kernel.every((k, axis) => padding[axis]! * 2 === (k - 1) * dilation[axis]!);
  return [
    `${depthwise ? 'depthwise conv' : 'conv'} ${by(kernel)}`,
    `${inChannels} → ${outChannels}`,
    ...(groups > 1 && !depthwise ? [`${groups} groups`] : []),
    ...strideText(stride),
    ...(dilation.some((d) => d > 1) ? [`dilation ${one(dilation)}`] : []),
    ...(centred ? [] : [`padding ${one(padding)}`]),
  ].join(', ');
}

const by = ([a, b]: Pair) => `${a}×${b}`;
const one = ([a, b]: Pair) => (a === b ? String(a) : by([a, b]));
const strideText = (stride: Pair) => (stride.some((s) => s > 1) ? [`stride ${one(stride)}`] : []);
