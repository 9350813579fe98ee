import type { HostTensor, Pair } from '@refold/graph';
import { attr } from '../graph-def.js';
import type { OpWriter, WriterArgs } from './op-writer.js';
import { isSame, padded, windowAttrs } from './window.js';

type Args = WriterArgs<'conv2d'>;
/** Writes one convolution of a part of the channels. */
type Convolve = (op: string, name: string, x: string, kernel: string) => string;

/**
 * `Conv2D` where groups are 1, `DepthwiseConv2dNative` where each channel is a group; other groups are a `Split`, a
 * `Conv2D` for each and a `ConcatV2`, which TensorFlow.js computes with as many multiply-adds as the graph says (a dense
 * kernel with zeros would take `groups` times as many, and as many bytes). Padding is `SAME` where that is exact, else a
 * `Pad` before.
 */
export const conv2d: OpWriter<'conv2d'> = (args) => {
  const { node, topology, inputShapes, shape } = args;
  const { name, attrs } = node;
  const [channels = 1] = inputShapes[0] ?? [];
  const same = isSame(attrs, inputShapes[0]!, shape);
  const x = same || isZero(attrs.padding) ? args.inputs[0]! : padded(args, attrs.padding);
  const { dilation, spread } = dilationOf(args);
  const window = {
    ...windowAttrs(attrs, same ? 'SAME' : 'VALID'),
    dilations: attr.ints([1, dilation[0], dilation[1], 1]),
  };
  const convolve: Convolve = (op, own, input, kernel) =>
    topology.op(op, own, [input, kernel], window);
  const weight = spreadKernel(args.weight('weight'), spread);
  let y: string;
  if (attrs.groups === 1) y = dense(args, x, weight, convolve);
  else if (attrs.groups === channels) y = depthwise(args, x, weight, convolve);
  else y = grouped(args, x, weight, convolve);
  if (!attrs.bias) return y;
  const bias = args.weight('bias');
  return topology.op('BiasAdd', `${name}/bias_add`, [
    y,
    topology.constant(`${name}/bias`, bias.shape, bias.data),
  ]);
};

function dense({ node: { name }, topology }: Args, x: string, weight: HostTensor, conv: Convolve) {
  const { shape, data } = permuted(weight, [2, 3, 1, 0]);
  return conv('Conv2D', name, x, topology.constant(`${name}/weight`, shape, data));
}

/** Kernel `[kh, kw, C, multiplier]`; both sides number the output `c · multiplier + m`. */
function depthwise(args: Args, x: string, weight: HostTensor, conv: Convolve) {
  const { name, attrs } = args.node;
  const [, , kh = 1, kw = 1] = weight.shape;
  const shape = [attrs.groups, attrs.outChannels / attrs.groups, kh, kw];
  const { shape: own, data } = permuted({ shape, data: weight.data }, [2, 3, 0, 1]);
  const kernel = args.topology.constant(`${name}/weight`, own, data);
  return conv('DepthwiseConv2dNative', name, x, kernel);
}

function grouped(args: Args, x: string, weight: HostTensor, conv: Convolve) {
  const { node, topology } = args;
  const { name, attrs } = node;
  const channelAxis = topology.integers(`${name}/axis`, [3], []);
  const split = topology.op('Split', `${name}/split`, [channelAxis, x], {
    num_split: attr.int(attrs.groups),
  });
  const outputs = attrs.outChannels / attrs.groups;
  const size = weight.data.length / attrs.groups;
  const parts = Array.from({ length: attrs.groups }, (_, g) => {
    const data = weight.data.subarray(g * size, (g + 1) * size);
    const part = permuted({ shape: [outputs, ...weight.shape.slice(1)], data }, [2, 3, 1, 0]);
    const kernel = topology.constant(`${name}/group${g}/weight`, part.shape, part.data);
    return conv('Conv2D', `${name}/group${g}`, g === 0 ? split : `${split}:${g}`, kernel);
  });
  return topology.op('ConcatV2', name, [...parts, channelAxis], {
    N: attr.int(attrs.groups),
    Tidx: attr.type('DT_INT32'),
  });
}

const isZero = ([a, b]: Pair) => a === 0 && b === 0;

/** TensorFlow.js takes strides or dilation, not both: then the zeros go into the kernel (`spread`). */
function dilationOf({ node: { attrs } }: Args): { dilation: Pair; spread: Pair } {
  const none: Pair = [1, 1];
  const strided = attrs.stride.some((s) => s > 1);
  return strided
    ? { dilation: none, spread: attrs.dilation }
    : { dilation: attrs.dilation, spread: none };
}

/** The kernel with zeros between its taps, as dilation would read it. */
function spreadKernel(weight: HostTensor, [dy, dx]: Pair): HostTensor {
  if (dy === 1 && dx === 1) return weight;
  const [o = 1, i = 1, kh = 1, kw = 1] = weight.shape;
  const [height, width] = [(kh - 1) * dy + 1, (kw - 1) * dx + 1];
  const data = new Float32Array(o * i * height * width);
  weight.data.forEach((value, at) => {
    const [map, tap] = [Math.floor(at / (kh * kw)), at % (kh * kw)];
    data[(map * height + Math.floor(tap / kw) * dy) * width + (tap % kw) * dx] = value;
  });
  return { shape: [o, i, height, width], data };
}

/** The tensor with its axes in another order: axis `a` of the result is axis `order[a]` of the original. */
export function permuted({ shape, data }: HostTensor, order: readonly number[]): HostTensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = new Array<number>(order.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += steps[axis]!;
      if (index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: sizes, data: result };
}
