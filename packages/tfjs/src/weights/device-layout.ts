import type { Graph, GraphNode, SampleShape } from '@refold/graph';
import { shapesOf } from '@refold/graph';
import { tensorsByNode } from './tensors-by-node.js';

/**
 * How a tensor lies on the device: the host's axes (possibly split once) in another order.
 * `split` is the host shape seen with more axes, `order` the axes of `split` in device order.
 */
export interface DeviceLayout {
  readonly hostShape: readonly number[];
  readonly deviceShape: readonly number[];
  readonly split: readonly number[];
  readonly order: readonly number[];
}

/**
 * Layout of every tensor of a graph by full name: convolution kernels OIHW → HWIO, depthwise ones
 * `[C·M, 1, kh, kw]` → `[kh, kw, C, M]`, linear `[out, in]` → `[in, out]`, vectors as they are.
 */
export function deviceLayouts(graph: Graph): ReadonlyMap<string, DeviceLayout> {
  const shapes = shapesOf(graph);
  const owned = tensorsByNode(graph);
  const layouts = new Map<string, DeviceLayout>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => shapes.get(name) ?? []);
    for (const { name, shape } of owned.get(node.name) ?? []) {
      layouts.set(name, layoutOf(node, inputs, shape));
    }
  }
  return layouts;
}

/** A new array in device order; `data` is in host order. */
export function toDeviceOrder(data: Float32Array, layout: DeviceLayout): Float32Array {
  return permute(data, layout.split, layout.order);
}

/** A new array in host order; `data` is in device order. */
export function toHostOrder(data: Float32Array, { split, order }: DeviceLayout): Float32Array {
  const inverse = order.map((_, axis) => order.indexOf(axis));
  const deviceSplit = order.map((axis) => split[axis] ?? 1);
  return permute(data, deviceSplit, inverse);
}

function layoutOf(
  node: GraphNode,
  [input]: readonly SampleShape[],
  shape: readonly number[],
): DeviceLayout {
  const layout = (split: readonly number[], order: readonly number[]): DeviceLayout => ({
    hostShape: shape,
    split,
    order,
    deviceShape: order.map((axis) => split[axis] ?? 1),
  });
  if (node.op === 'conv2d' && shape.length === 4) {
    const [out = 1, , kh = 1, kw = 1] = shape;
    const { groups } = node.attrs;
    if (groups > 1 && groups === input?.[0]) {
      return layout([groups, out / groups, kh, kw], [2, 3, 0, 1]);
    }
    return layout(shape, [2, 3, 1, 0]);
  }
  if (node.op === 'linear' && shape.length === 2) return layout(shape, [1, 0]);
  return layout(shape, [...shape.keys()]);
}

/** Transposes a row-major array; up to four axes. */
function permute(
  data: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  if (order.every((axis, place) => axis === place)) return data.slice();
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((p, n) => p * n, 1));
  const axes = order.map((axis) => [shape[axis] ?? 1, strides[axis] ?? 1] as const);
  while (axes.length < 4) axes.unshift([1, 0]);
  const [[n0, s0], [n1, s1], [n2, s2], [n3, s3]] = axes as unknown as [
    readonly [number, number],
    readonly [number, number],
    readonly [number, number],
    readonly [number, number],
  ];
  const result = new Float32Array(data.length);
  let place = 0;
  for (let a = 0; a < n0; a++) {
    for (let b = 0; b < n1; b++) {
      for (let c = 0; c < n2; c++) {
        const from = a * s0 + b * s1 + c * s2;
        for (let d = 0; d < n3; d++) result[place++] = data[from + d * s3] as number;
      }
    }
  }
  return result;
}
