import type { OnnxModel, OnnxTensor } from '../onnx-model.js';
import { buildRegion, type BuiltRegion } from './build-region.js';
import { regionsEndingIn, valueUses, type CandidateRegion } from './candidate-regions.js';
import { constantTensors, linearNode, type LinearNode } from './linear-nodes.js';

/** A part of a model that is linear from one value to another, as a Refold graph whose convolutions may become one. */
export interface OnnxRegion extends BuiltRegion {
  /** Value of the model that goes in. */
  readonly input: string;
  /** Value that comes out. */
  readonly output: string;
}

export interface FoundRegions {
  /** In graph order; no node is in two. */
  readonly regions: readonly OnnxRegion[];
  /** Linear nodes that are in no region, and why. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

const NEEDS_REASON = new Set(['BatchNormalization', 'Add', 'Sum', 'Concat', 'AveragePool']);

/**
 * Finds the parts of any model that re-parameterisation can work on: maximal groups of linear nodes (convolutions and batch
 * norms with constant weights, sums, concatenations, average pools, factors and shifts per channel) with one value going in,
 * one coming out, and at least one convolution. Everything else in the model may be unknown. Sizes of images may be open.
 *
 * @throws RefoldError `RF-FILE-*` where a tensor is damaged
 */
export async function findOnnxRegions(model: OnnxModel): Promise<FoundRegions> {
  const tensors = constantTensors(model);
  const linear = new Map<number, LinearNode>();
  for (const [index, node] of model.graph.nodes.entries()) {
    const found = linearNode(index, node, tensors);
    if (found) linear.set(index, found);
  }
  const uses = valueUses(model);
  const assigned = new Set<number>();
  const regions: OnnxRegion[] = [];
  const left: { name: string; reason: string }[] = [];
  for (const last of [...linear.values()].reverse()) {
    if (assigned.has(last.index)) continue;
    const { regions: candidates, bound } = regionsEndingIn(last, linear, uses);
    const { found, reason } = await largest(model, candidates, tensors);
    if (found) {
      regions.push(found.region);
      for (const { index } of found.candidate.members) assigned.add(index);
    } else if (NEEDS_REASON.has(last.node.opType)) {
      left.push({ name: last.node.name || last.output, reason: reason ?? bound });
    }
  }
  return { regions: regions.reverse(), left: left.reverse() };
}

async function largest(
  model: OnnxModel,
  candidates: readonly CandidateRegion[],
  tensors: ReadonlyMap<string, OnnxTensor>,
): Promise<{
  readonly found?: { readonly candidate: CandidateRegion; readonly region: OnnxRegion };
  readonly reason?: string;
}> {
  let reason: string | undefined;
  for (const candidate of candidates.toReversed()) {
    if (!candidate.members.some(({ node }) => node.opType === 'Conv')) {
      reason ??= 'there is no convolution beside it to fold into';
      continue;
    }
    const built = await buildRegion(model, candidate, tensors);
    if (typeof built !== 'string') {
      const output = candidate.members.at(-1)!.output;
      return { found: { candidate, region: { ...built, input: candidate.root, output } } };
    }
    reason ??= built;
  }
  return reason === undefined ? {} : { reason };
}
