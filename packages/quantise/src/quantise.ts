import {
  sizeOf,
  type Graph,
  type GraphNode,
  type HostTensor,
  type NamedTensors,
  type Quantisation,
  type ValueQuantisation,
} from '@refold/graph';
import { notFinite, rangeMissing } from './errors.js';
import { behindDrops, planQuantisation } from './plan-quantisation.js';
import type { Range, Ranges } from './calibrate.js';

export interface QuantiseOptions {
  /** Layers that stay float32. */
  readonly keepFloat?: readonly string[];
}

/** Bits of a sum that a bias may take: the products of a layer need the rest. */
const MOST_BIAS = 2 ** 30;

/**
 * How a fused network is stored in eight bits, from the ranges of its values.
 *
 * - Weights: symmetric int8 with one scale per output channel, the largest magnitude at 127: after fusion the channels of
 *   one kernel differ in size by orders of magnitude.
 * - Values: uint8, because processors multiply unsigned by signed bytes (VPDPBUSD, TDPBUSD; onnxruntime's fast path). After
 *   ReLU the zero point is 0; elsewhere the range is asymmetric, which costs nothing, as the sum of the weights times the
 *   zero point goes into the bias. The range always holds 0, so that padding is exact.
 *
 * @param weights of the graph, read only @param ranges of {@link planQuantisation}'s values
 * @throws RefoldError `RF-QUANTISE-TRAIN-FORM`, `RF-QUANTISE-NODE`, `RF-QUANTISE-RANGE`, `RF-QUANTISE-NON-FINITE`
 */
export function quantise(
  graph: Graph,
  weights: NamedTensors,
  ranges: Ranges,
  { keepFloat = [] }: QuantiseOptions = {},
): Quantisation {
  const { values, layers } = planQuantisation(graph, keepFloat);
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const stored: Record<string, ValueQuantisation> = {};
  for (const name of values) {
    const range = knownRange(graph, nodes.get(name) as GraphNode) ?? ranges[name];
    if (!range) throw rangeMissing(name);
    for (const end of [range.min, range.max]) if (!Number.isFinite(end)) throw notFinite(name, end);
    stored[name] = valueQuantisation(range);
  }
  const scales: Record<string, readonly number[]> = {};
  for (const name of layers) {
    const source = behindDrops(graph, nodes.get(name)?.inputs[0] as string);
    const input = stored[source] as ValueQuantisation;
    const weight = weights.get(`${name}.weight`) as HostTensor;
    scales[`${name}.weight`] = weightScales(name, weight, weights.get(`${name}.bias`), input.scale);
  }
  return { values: stored, weights: scales };
}

/** Bytes that are normalised have a range of their own, which no calibration need cut. */
function knownRange({ nodes }: Graph, node: GraphNode): Range | undefined {
  const [input] = nodes;
  if (input?.op !== 'input' || input.attrs.dtype !== 'uint8') return undefined;
  if (node.op !== 'normalize' || node.inputs[0] !== input.name) return undefined;
  const { mean, std } = node.attrs;
  const ends = mean.flatMap((m, c) => [-m / (std[c] as number), (1 - m) / (std[c] as number)]);
  return { min: Math.min(...ends), max: Math.max(...ends) };
}

/** uint8 over a range, widened to hold 0. A range of nothing but 0 has scale 1. */
export function valueQuantisation(range: Range): ValueQuantisation {
  const min = Math.min(0, range.min);
  const max = Math.max(0, range.max);
  const scale = positive((max - min) / 255);
  return { dtype: 'uint8', scale, zeroPoint: Math.min(255, Math.round(Math.abs(min) / scale)) };
}

/**
 * The largest magnitude of each output channel at 127. A channel whose bias would take more than 30 bits at that scale gets
 * a larger one: its weights are next to nothing beside its bias.
 */
function weightScales(
  layer: string,
  { shape, data }: HostTensor,
  bias: HostTensor | undefined,
  inputScale: number,
): number[] {
  const channels = shape[0] ?? 0;
  const each = sizeOf(shape) / channels;
  return Array.from({ length: channels }, (_, o) => {
    let largest = 0;
    for (let i = o * each; i < (o + 1) * each; i++) {
      const value = data[i] as number;
      if (!Number.isFinite(value)) throw notFinite(`${layer}.weight`, value);
      largest = Math.max(largest, Math.abs(value));
    }
    const shift = bias?.data[o] ?? 0;
    if (!Number.isFinite(shift)) throw notFinite(`${layer}.bias`, shift);
    return positive(Math.max(largest / 127, Math.abs(shift) / inputScale / MOST_BIAS));
  });
}

/** Least normal float32: smaller scales would lose digits. */
const LEAST = 2 ** -126;

/** As float32; 1 for 0, which then stores zeros. */
function positive(scale: number): number {
  return scale === 0 ? 1 : Math.max(LEAST, Math.fround(scale));
}
