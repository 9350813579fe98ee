import {
  count,
  InternalError,
  tensorsOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type OpName,
  type SampleShape,
} from '@refold/graph';
import { asConvolution } from './algebra/as-convolution.js';
import { asLinearLayer } from './algebra/as-linear-layer.js';
import { isRefusal, type LinearMap } from './algebra/linear-map.js';
import { fusedOverflow } from './errors.js';
import { planFusion } from './plan-fusion.js';
import { explainLeft, type Left } from './regions/explain-left.js';
import { foldRegion } from './regions/fold-region.js';
import { mapAlgebra } from './regions/map-algebra.js';
import { notesOn } from './regions/notes.js';
import type { PlanOptions } from './regions/plan-units.js';
import type { FusibleRegion, Region } from './regions/region.js';

export type FuseOptions = PlanOptions;

/** A region that became one convolution, or one linear layer where values are vectors. */
export interface FusedRegion {
  /** Name of the convolution or linear layer in the fused graph. */
  readonly name: string;
  /** Ops that it replaces, in graph order. */
  readonly ops: readonly OpName[];
  /** What it replaces. */
  readonly region: Region;
  /** Shape of the value that goes in. */
  readonly inputShape: SampleShape;
}

export interface FusionReport {
  readonly regions: readonly FusedRegion[];
  /** Linear parts that could not, or should not, become one convolution. */
  readonly left: readonly Left[];
  /** What looks like a mistake in the weights although it can be fused. */
  readonly notes: readonly string[];
  readonly parameters: { readonly train: number; readonly fused: number };
  /** Multiply-adds for one sample. */
  readonly macs: { readonly train: number; readonly fused: number };
}

export interface FusionResult {
  readonly graph: Graph;
  /** Weights of the fused graph, in its order. Tensors of nodes that were kept share memory with the original. */
  readonly weights: NamedTensors;
  readonly report: FusionReport;
}

/**
 * Replaces every linear region that has a closed form by one convolution with bias (DESIGN §6), or of vectors by one
 * linear layer. Needs no device and no knowledge of the model. Arithmetic in float64, rounded once. The original stays as it is; fusing a fused
 * network changes nothing. Other tensors among the weights (optimizer slots) are left out.
 *
 * @param weights of the train form, BN statistics included; read only
 * @throws RefoldError `RF-FUSE-MISSING-TENSOR`, `RF-FUSE-TENSOR-SHAPE`, `RF-FUSE-NON-FINITE`, `RF-FUSE-VARIANCE`,
 * `RF-FUSE-OVERFLOW`, each naming the tensor
 */
export function fuse(graph: Graph, weights: NamedTensors, options: FuseOptions = {}): FusionResult {
  const fused = new Map<string, HostTensor>();
  const { graph: result, report } = fuseInto(graph, weights, options, (name, shape, values) => {
    fused.set(name, { shape, data: rounded(name, values) });
  });
  return { graph: result, weights: inOrderOf(result, weights, fused), report };
}

/** Takes a tensor of a fused convolution, still in float64. */
type TensorSink = (name: string, shape: readonly number[], values: Float64Array) => void;

/**
 * {@link fuse} without rounding: gives each fused tensor away as soon as it is computed, so that float64 copies of
 * a large network never exist at once.
 * @internal
 */
export function fuseInto(
  graph: Graph,
  weights: NamedTensors,
  options: FuseOptions,
  sink: TensorSink,
): Omit<FusionResult, 'weights'> {
  const { found, units, regions, names, graph: result } = planFusion(graph, weights, options);
  const algebra = mapAlgebra(found.shapes, found.weights);
  for (const region of regions) {
    const map = foldRegion(region, algebra);
    if (isRefusal(map)) throw new InternalError(`A planned region is refused: ${map.refused}`);
    emit(names.get(region.output)!, region, map, sink);
  }
  const [train, after] = [count(graph), count(result)];
  const report: FusionReport = {
    regions: regions.map((region) => reported(region, names, found.shapes)),
    left: explainLeft(units, found),
    notes: notesOn(graph, found.weights),
    parameters: { train: train.parameters, fused: after.parameters },
    macs: { train: train.macs, fused: after.macs },
  };
  return { graph: result, report };
}

function reported(
  { root, output, nodes }: FusibleRegion,
  names: ReadonlyMap<string, string>,
  shapes: ReadonlyMap<string, SampleShape>,
): FusedRegion {
  return {
    name: names.get(output)!,
    ops: nodes.map(({ op }) => op),
    region: { root, output, nodes },
    inputShape: shapes.get(root)!,
  };
}

function emit(name: string, { op }: FusibleRegion, map: LinearMap, sink: TensorSink): void {
  const { form, kernel_OIHW, bias_O } = op === 'linear' ? asLinearLayer(map) : asConvolution(map);
  const { outChannels, inChannels, groups, axes } = form;
  const taps = op === 'linear' ? [] : [axes[0].kernel, axes[1].kernel];
  sink(`${name}.weight`, [outChannels, inChannels / groups, ...taps], kernel_OIHW);
  sink(`${name}.bias`, [outChannels], bias_O);
}

function inOrderOf(
  graph: Graph,
  original: NamedTensors,
  fused: ReadonlyMap<string, HostTensor>,
): NamedTensors {
  const weights = new Map<string, HostTensor>();
  for (const { name } of tensorsOf(graph)) {
    const tensor = fused.get(name) ?? original.get(name);
    if (!tensor) throw new InternalError(`The fused tensor '${name}' was not computed.`);
    weights.set(name, tensor);
  }
  return weights;
}

function rounded(name: string, values: Float64Array): Float32Array {
  const data = Float32Array.from(values);
  const overflow = data.findIndex((value) => !Number.isFinite(value));
  if (overflow !== -1) throw fusedOverflow(name, values[overflow]!);
  return data;
}
