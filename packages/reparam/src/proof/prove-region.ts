import {
  count,
  evaluate,
  GraphBuilder,
  isRefoldError,
  randomOf,
  sizeOf,
  type Graph,
  type GraphNode,
  type NamedTensors,
  type SampleShape,
  type Value,
} from '@refold/graph';
import { spanOf } from '../algebra/linear-map.js';
import { convForm } from '../rules/conv-map.js';
import type { FusedRegion } from '../fuse.js';
import { differenceOf } from './difference.js';
import type { RegionProof } from './fusion-proof.js';

type Replacement = Extract<GraphNode, { op: 'conv2d' | 'linear' }>;

/** A region's probes cost at most about this many multiply-adds, unless even the smallest image needs more. */
const MACS_PER_PROBE = 2.5e7;

/**
 * Measures one region: random images go through the region as it was and through its convolution, both computed in
 * float64 on float32 weights, so that what is measured is the algebra and the one rounding of the fused weights.
 * Images are small, but all borders, their corners and an inside are in them; height and width differ by one so
 * that odd and even extents both occur. Every output channel is compared. Wide layers get the smallest such images.
 *
 * @param replacement the region's node in the fused graph
 */
export function proveRegion(
  { name, ops, region, inputShape }: FusedRegion,
  replacement: Replacement,
  original: NamedTensors,
  fused: NamedTensors,
  { probes, seed }: { readonly probes: number; readonly seed: number },
): RegionProof {
  const nodes = region.nodes.map((node) => renamed(node, region.root));
  const before = probeGraph(nodes, region.output, replacement, inputShape);
  const shape = before.nodes[0]!.op === 'input' ? before.nodes[0].attrs.shape : [];
  const after = chain(shape, [{ ...replacement, inputs: ['input'] }], replacement.name);

  const random = randomOf(seed, 'prove', name);
  let [maxAbsError, maxRelError] = [0, 0];
  for (let probe = 0; probe < probes; probe++) {
    const data = new Float32Array(sizeOf(shape));
    // Regions mostly follow a ReLU: every second probe has values of one sign, so a wrong border shows.
    for (let i = 0; i < data.length; i++) {
      const value = random.normal();
      data[i] = probe % 2 === 0 ? value : Math.abs(value);
    }
    const image = { shape: [1, ...shape], data };
    const expected = evaluate(before, original, image).get(before.output)!;
    const received = evaluate(after, fused, image).get(after.output)!;
    const { abs, rel } = differenceOf(expected.data, received.data);
    maxAbsError = Math.max(maxAbsError, abs);
    maxRelError = Math.max(maxRelError, rel);
  }
  return { name, ops, maxAbsError, maxRelError };
}

function renamed(node: GraphNode, root: string): GraphNode {
  return { ...node, inputs: node.inputs.map((input) => (input === root ? 'input' : input)) };
}

/** The region alone, on the largest image that is affordable; on the network's own where no small one fits. A vector has one size. */
function probeGraph(
  nodes: readonly GraphNode[],
  output: string,
  replacement: Replacement,
  inputShape: SampleShape,
): Graph {
  if (replacement.op === 'linear') return chain(inputShape, nodes, output);
  const [channels = 0, height = 0, width = 0] = inputShape;
  const { axes } = convForm(replacement.attrs, channels, false);
  const extents = axes.map((axis) =>
    Math.max(3, spanOf(axis) + 1 - 2 * axis.before + 2 * axis.stride),
  );
  let fallback: Graph | undefined;
  for (const growth of [6, 5, 4, 3, 2, 1, 0, 7, 8]) {
    for (const extra of [1, 0]) {
      const sample = [channels, extents[0]! + growth, extents[1]! + growth + extra];
      const graph = tryChain(sample, nodes, output);
      if (!graph) continue;
      if (count(graph).macs <= MACS_PER_PROBE) return graph;
      if (!fallback || count(graph).macs < count(fallback).macs) fallback = graph;
    }
  }
  return fallback ?? chain([channels, height, width], nodes, output);
}

/** Undefined where sums do not fit at this size (even kernels beside odd ones). */
function tryChain(
  sample: SampleShape,
  nodes: readonly GraphNode[],
  output: string,
): Graph | undefined {
  try {
    return chain(sample, nodes, output);
  } catch (error) {
    if (isRefoldError(error) && error.code === 'RF-GRAPH-SHAPE') return undefined;
    throw error;
  }
}

function chain(shape: SampleShape, nodes: readonly GraphNode[], output: string): Graph {
  const builder = new GraphBuilder({ shape, dtype: 'float32' });
  const values = new Map<string, Value>([['input', builder.input]]);
  for (const { op, name, inputs, attrs } of nodes) {
    values.set(
      name,
      builder.node(
        op,
        name,
        inputs.map((input) => values.get(input)!),
        attrs,
      ),
    );
  }
  return builder.build(values.get(output)!);
}
