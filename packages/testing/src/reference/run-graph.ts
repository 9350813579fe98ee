import { shapesOf, tensorsOf, type Graph, type OpName, type Random } from '@refold/graph';
import type { ImageBatch, StatisticsGroup } from '@refold/core';
import type { OpResult, ReferenceOp } from './reference-op.js';
import { referenceOps } from './reference-ops.js';
import type { Tensor64 } from './tensor64.js';

export interface ForwardPass {
  /** Values of the graph's output, `[images, classes]`. */
  readonly output: Tensor64;
  /** Gradients of every parameter by full name, from the gradient of the output. */
  backward(gradient: Float64Array): Map<string, Float64Array>;
  /** New BN statistics by full name; empty in inference. */
  readonly buffers: ReadonlyMap<string, Float64Array>;
}

/** How a pass is run: with running statistics, or as a training step whose drop-outs come from `random`. */
export type PassMode =
  | 'inference'
  | { readonly random: (node: string) => Random; readonly group?: StatisticsGroup | undefined };

/**
 * Runs a graph on a batch in float64, node by node, by the plainest code there is. Slow, and meant to be read:
 * it is what other devices are measured against.
 *
 * @param tensors every tensor of the graph by full name
 */
export function runGraph(
  graph: Graph,
  tensors: ReadonlyMap<string, ArrayLike<number>>,
  batch: ImageBatch,
  mode: PassMode,
): ForwardPass {
  const shapes = shapesOf(graph);
  const suffixes = suffixesByNode(graph);
  const values = new Map<string, Tensor64>();
  const results: { name: string; inputs: readonly string[]; result: OpResult }[] = [];
  const buffers = new Map<string, Float64Array>();
  for (const { name, op, inputs, attrs } of graph.nodes) {
    if (op === 'softmax_cross_entropy') continue;
    if (op === 'input') {
      values.set(name, inputOf(batch, shapes.get(name)!));
      continue;
    }
    const own = (suffixes.get(name) ?? []).map((suffix) => [
      suffix,
      tensors.get(`${name}.${suffix}`)!,
    ]);
    const compute = referenceOps[op] as ReferenceOp<OpName>;
    const result = compute({
      attrs,
      inputs: inputs.map((input) => values.get(input)!),
      shape: [batch.images, ...shapes.get(name)!],
      tensors: Object.fromEntries(own) as Record<string, ArrayLike<number>>,
      training: mode !== 'inference',
      random: mode === 'inference' ? unused : mode.random(name),
      group: mode === 'inference' ? undefined : mode.group,
    });
    values.set(name, result.output);
    results.push({ name, inputs, result });
    for (const [suffix, data] of Object.entries(result.buffers ?? {}))
      buffers.set(`${name}.${suffix}`, data);
  }
  return {
    output: values.get(graph.output)!,
    buffers,
    backward: (gradient) => backward(graph.output, gradient, results),
  };
}

/** Reverse-mode differentiation over the nodes that ran. */
function backward(
  output: string,
  gradient: Float64Array,
  results: readonly { name: string; inputs: readonly string[]; result: OpResult }[],
): Map<string, Float64Array> {
  const ofValues = new Map([[output, gradient]]);
  const ofParameters = new Map<string, Float64Array>();
  for (const { name, inputs, result } of results.toReversed()) {
    const dy = ofValues.get(name) ?? new Float64Array(result.output.data.length);
    const gradients = result.backward(dy);
    inputs.forEach((input, k) => {
      const dx = gradients.inputs[k]!;
      const sum = ofValues.get(input);
      ofValues.set(input, sum ? sum.map((g, i) => g + dx[i]!) : dx);
    });
    for (const [suffix, data] of Object.entries(gradients.tensors ?? {}))
      ofParameters.set(`${name}.${suffix}`, data);
  }
  return ofParameters;
}

/** The batch as `[N, C, H, W]` (or the input's own shape). */
function inputOf(batch: ImageBatch, sample: readonly number[]): Tensor64 {
  const { images, channels, height, width, layout, data } = batch;
  const shape = [images, ...sample];
  if (layout === 'NCHW')
    return { shape, data: Float64Array.from(data.subarray(0, images * channels * height * width)) };
  const nchw = new Float64Array(images * channels * height * width);
  let i = 0;
  for (let n = 0; n < images; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++)
          nchw[((n * channels + c) * height + y) * width + x] = data[i++]!;
  return { shape, data: nchw };
}

function suffixesByNode(graph: Graph): Map<string, string[]> {
  const suffixes = new Map<string, string[]>();
  for (const { name } of tensorsOf(graph)) {
    const node = name.slice(0, name.lastIndexOf('.'));
    suffixes.set(node, [...(suffixes.get(node) ?? []), name.slice(node.length + 1)]);
  }
  return suffixes;
}

const unused: Random = {
  uniform: () => 0,
  normal: () => 0,
  int: () => 0,
};
