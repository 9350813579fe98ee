import type { Pair, SampleShape } from '@refold/graph';
import { attr, type AttrValue } from '../graph-def.js';
import type { WriterArgs } from './op-writer.js';

/** How a window moves over an image: the part of a convolution or pool that TensorFlow says in its own way. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation?: Pair;
}

/**
 * Whether TensorFlow's padding `SAME` puts the same zeros as the explicit padding does, for images of this size. At
 * stride 2 and even sizes it does not: there `SAME` puts the odd pixel at the end.
 *
 * @param shapes `[C, H, W]` before and after
 */
export function isSame(window: Window, input: SampleShape, output: SampleShape): boolean {
  return ([0, 1] as const).every((axis) => {
    const [size = 1, result = 1] = [input[axis + 1], output[axis + 1]];
    const stride = window.stride[axis];
    const extent = (window.kernel[axis] - 1) * (window.dilation?.[axis] ?? 1) + 1;
    const zeros = Math.max(0, (result - 1) * stride + extent - size);
    return result === Math.ceil(size / stride) && Math.floor(zeros / 2) === window.padding[axis];
  });
}

/** Attributes that convolutions and pools share. */
export function windowAttrs(
  { stride }: Window,
  padding: 'SAME' | 'VALID',
): Readonly<Record<string, AttrValue>> {
  return {
    strides: attr.ints([1, stride[0], stride[1], 1]),
    padding: attr.text(padding),
    data_format: attr.text('NHWC'),
  };
}

/** The image with its explicit padding around it. @param value of the padding; default: zeros */
export function padded(
  { node, topology, inputs: [x] }: WriterArgs<'conv2d' | 'avg_pool' | 'max_pool'>,
  [vertical, horizontal]: Pair,
  value?: number,
): string {
  const sides = [0, 0, vertical, vertical, horizontal, horizontal, 0, 0];
  const paddings = topology.integers(`${node.name}/paddings`, sides, [4, 2]);
  if (value === undefined) return topology.op('Pad', `${node.name}/pad`, [x!, paddings]);
  const constant = topology.scalar(`${node.name}/pad_value`, value);
  return topology.op('PadV2', `${node.name}/pad`, [x!, paddings, constant]);
}
