import { isRefoldError, type Graph, type HostTensor } from '@refold/graph';
import { plain, type Known } from '../import/known.js';
import { loadConstant } from '../import/load-constants.js';
import { NetworkReader } from '../import/network-reader.js';
import { readOp } from '../import/read-ops.js';
import type { OnnxModel, OnnxTensor } from '../onnx-model.js';
import type { CandidateRegion } from './candidate-regions.js';
import { channelsOfRoot } from './channels.js';

/** A region as a Refold graph. */
export interface BuiltRegion {
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Values of the model that are each node's value, the first one first; the input is the root. */
  readonly valuesOf: ReadonlyMap<string, readonly string[]>;
  /** Nodes of the graph that are convolutions in the model; shifts per channel are none. */
  readonly convolutions: ReadonlySet<string>;
}

/** Sizes that regions are tried at where the file leaves them open: what fits at both, fits at all that the network takes. */
const SIZES = [
  [64, 96],
  [80, 48],
] as const;

/**
 * Builds the graph of a region.
 *
 * @returns a text that says why not
 * @throws RefoldError `RF-FILE-*` where a tensor is damaged
 */
export async function buildRegion(
  model: OnnxModel,
  { root, members }: CandidateRegion,
  tensors: ReadonlyMap<string, OnnxTensor>,
): Promise<BuiltRegion | string> {
  const declared = shapeOf(model, root);
  if (declared && declared.length !== 4) return `'${root}' is no image`;
  const channels = channelsOfRoot(root, members, (value) => {
    const count = shapeOf(model, value)?.[1];
    return typeof count === 'number' ? count : undefined;
  });
  if (channels === undefined) return `the channels of '${root}' are not known`;
  const [height, width] = [declared?.[2], declared?.[3]];
  const given = typeof height === 'number' && typeof width === 'number';
  const sizes = given ? [[height, width] as const] : SIZES;

  const constants = new Map<string, Known>();
  for (const { node } of members) {
    for (const name of node.inputs) {
      const tensor = tensors.get(name);
      if (tensor) constants.set(name, await loadConstant(model.path, tensor));
    }
  }
  let built: BuiltRegion | string = '';
  for (const size of sizes.toReversed()) {
    built = tryBuild(model, { root, members }, constants, [channels, ...size]);
    if (typeof built === 'string') return built;
  }
  return built;
}

function tryBuild(
  { path }: OnnxModel,
  { root, members }: CandidateRegion,
  constants: ReadonlyMap<string, Known>,
  shape: readonly number[],
): BuiltRegion | string {
  try {
    const reader = new NetworkReader(path, { shape, dtype: 'float32' }, null, false);
    const known = new Map(constants);
    known.set(root, plain(reader.builder.input));
    const valuesOf = new Map([['input', [root]]]);
    const convolutions = new Set<string>();
    let last = reader.builder.input;
    for (const { node, output } of members) {
      const inputs = node.inputs.map((name) => known.get(name));
      const result = readOp({ node, inputs, reader });
      if (result.kind !== 'affine') return `'${output}' is no image`;
      last = reader.settle(node, result);
      if (node.opType === 'Conv') convolutions.add(last.name);
      known.set(output, plain(last));
      valuesOf.set(last.name, [...(valuesOf.get(last.name) ?? []), output]);
    }
    return { ...reader.finish(last), valuesOf, convolutions };
  } catch (error) {
    if (!isRefoldError(error) || !/^RF-(?:GRAPH|ONNX)-/.test(error.code)) throw error;
    return error.parts.message.replace(/\.$/, '');
  }
}

function shapeOf({ graph }: OnnxModel, name: string) {
  const declared = graph.values.get(name) ?? graph.inputs.find((input) => input.name === name);
  return declared?.shape;
}
