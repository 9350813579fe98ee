import {
  sizeOf,
  type Graph,
  type GraphNode,
  type NamedTensors,
  type SampleShape,
} from '@refold/graph';
import { convolutionForm } from '../algebra/as-convolution.js';
import { linearLayerForm } from '../algebra/as-linear-layer.js';
import { isRefusal, tapsOf, type MapForm } from '../algebra/linear-map.js';
import { dominatorsOf } from './dominators.js';
import { foldRegion } from './fold-region.js';
import { formAlgebra } from './form-algebra.js';
import { isImage, isLinearOp, isVector, type FusibleRegion, type Region } from './region.js';
import { checkedWeights, type WeightReader } from './weight-reader.js';

/** A region of two or more nodes that some node ends: fusible, or with the reason why not. */
export type Candidate =
  | (Region & { readonly fusible: true; readonly result: FusibleRegion })
  | (Region & { readonly fusible: false; readonly reason: string });

/** What the finder knows of one node. */
export interface NodeRegions {
  /** Regions that end in the node, smallest first. */
  readonly candidates: readonly Candidate[];
  /** Why no larger region ends in it; undefined where a non-linear value is reached by all of it. */
  readonly bound?: string;
}

/** A graph seen as linear regions. */
export interface RegionView {
  readonly graph: Graph;
  readonly shapes: ReadonlyMap<string, SampleShape>;
  readonly weights: WeightReader;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** By node, for linear nodes whose values are images or vectors. */
  readonly regions: ReadonlyMap<string, NodeRegions>;
}

/**
 * Every linear region of a graph: for each linear node the regions that end there, one for each dominator
 * from which nothing but linear ops leads to it.
 *
 * @throws RefoldError as {@link checkedWeights}
 */
export function findRegions(
  graph: Graph,
  tensors: NamedTensors,
  shapes: ReadonlyMap<string, SampleShape>,
): RegionView {
  const weights = checkedWeights(graph, tensors);
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const order = new Map(graph.nodes.map((node, i) => [node.name, i]));
  const users = usersOf(graph);
  const dominators = dominatorsOf(graph);
  const algebra = formAlgebra(shapes, weights);

  const endingIn = (output: GraphNode): NodeRegions => {
    const candidates: Candidate[] = [];
    for (let root = dominators.get(output.name); root; root = dominators.get(root)) {
      const members = membersOf(output, root, nodes);
      const bound =
        boundOf(members, root, shapes) ?? escapeOf(members, output.name, graph.output, users);
      if (bound !== undefined) return { candidates, bound };
      const region: Region = {
        root,
        output: output.name,
        nodes: members.toSorted((a, b) => order.get(a.name)! - order.get(b.name)!),
      };
      if (isWorthFolding(members, shapes)) {
        const form = foldRegion(region, algebra);
        candidates.push(
          isRefusal(form)
            ? { ...region, fusible: false, reason: form.refused }
            : { ...region, fusible: true, result: fusible(region, form, shapes) },
        );
      }
      if (!isLinearOp(nodes.get(root)!)) return { candidates };
    }
    return { candidates };
  };

  const regions = new Map<string, NodeRegions>();
  for (const node of graph.nodes) {
    if (isLinearOp(node) && kindOf(node.name, shapes)) regions.set(node.name, endingIn(node));
  }
  return { graph, shapes, weights, nodes, regions };
}

/** Multiply-adds of a convolution of this form, for one sample: as timm and fvcore count them. */
export function macsOf(form: MapForm, output: SampleShape): number {
  return sizeOf(output) * (form.inChannels / form.groups) * tapsOf(form);
}

/** Multiply-adds of a node inside a region; of these only convolutions and linear layers count. */
export function nodeMacs(node: GraphNode, shapes: ReadonlyMap<string, SampleShape>): number {
  if (node.op === 'linear') return node.attrs.outFeatures * sizeOf(shapes.get(node.inputs[0]!)!);
  if (node.op !== 'conv2d') return 0;
  const inputs = shapes.get(node.inputs[0]!)![0]! / node.attrs.groups;
  return sizeOf(shapes.get(node.name)!) * inputs * node.attrs.kernel[0] * node.attrs.kernel[1];
}

/** What linear maps apply to: images, or vectors, which are images of one pixel; a region has one kind alone. */
function kindOf(
  name: string,
  shapes: ReadonlyMap<string, SampleShape>,
): 'conv2d' | 'linear' | undefined {
  const shape = shapes.get(name);
  if (isImage(shape)) return 'conv2d';
  return isVector(shape) ? 'linear' : undefined;
}

/** Two nodes or more. A linear layer behind a dropout is done as it is, under its own name. */
function isWorthFolding(
  members: readonly GraphNode[],
  shapes: ReadonlyMap<string, SampleShape>,
): boolean {
  const [output] = members;
  if (!output || !isVector(shapes.get(output.name))) return members.length > 1;
  return members.filter(({ op }) => op !== 'dropout' && op !== 'drop_path').length > 1;
}

function fusible(
  region: Region,
  folded: MapForm,
  shapes: ReadonlyMap<string, SampleShape>,
): FusibleRegion {
  const op = isVector(shapes.get(region.output)) ? 'linear' : 'conv2d';
  const form = op === 'linear' ? linearLayerForm(folded) : convolutionForm(folded);
  const macs = region.nodes.reduce((total, node) => total + nodeMacs(node, shapes), 0);
  return { ...region, op, form, macs, fusedMacs: macsOf(form, shapes.get(region.output)!) };
}

/** Readers of every value. */
function usersOf(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const { name, inputs } of graph.nodes) {
    for (const input of inputs) {
      const list = users.get(input);
      if (list) list.push(name);
      else users.set(input, [name]);
    }
  }
  return users;
}

/** Everything on a way from the root to the output, the root excluded. */
function membersOf(
  output: GraphNode,
  root: string,
  nodes: ReadonlyMap<string, GraphNode>,
): readonly GraphNode[] {
  const members = new Set([output]);
  for (const node of members) {
    for (const input of node.inputs) if (input !== root) members.add(nodes.get(input)!);
  }
  return [...members];
}

function boundOf(
  members: readonly GraphNode[],
  root: string,
  shapes: ReadonlyMap<string, SampleShape>,
): string | undefined {
  const kind = kindOf(root, shapes);
  if (!kind) return `'${root}' is neither image nor vector`;
  const other = members.find((node) => !isLinearOp(node) || kindOf(node.name, shapes) !== kind);
  return other && `'${other.name}' (${other.op}) lies on the way from '${root}'`;
}

function escapeOf(
  members: readonly GraphNode[],
  output: string,
  graphOutput: string,
  users: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const inside = new Set(members.map(({ name }) => name));
  for (const { name } of members) {
    if (name === output) continue;
    if (name === graphOutput) return `the value of '${name}' is the network's output`;
    const outsider = users.get(name)?.find((user) => !inside.has(user));
    if (outsider !== undefined) return `the value of '${name}' is also used by '${outsider}'`;
  }
  return undefined;
}
