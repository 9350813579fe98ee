import {
  InternalError,
  nodeCosts,
  shapesOf,
  type Graph,
  type GraphNode,
  type NodeCosts,
  type SampleShape,
} from '@refold/graph';
import type { DrawnNetwork } from './drawn-network.js';

/** A node with what is known of it in its graph. */
export interface Member {
  readonly node: GraphNode;
  /** Shapes of its inputs, per sample. */
  readonly inputs: readonly SampleShape[];
  readonly shape: SampleShape;
  readonly costs: NodeCosts;
}

/** One node of the fused form, and what it was before. */
export interface Unit {
  readonly name: string;
  /** Names of the units whose values it reads. */
  readonly inputs: readonly string[];
  readonly fused: Member;
  /** Nodes of the train form in graph order: one that stays, or those of a region. Empty where no train form is known. */
  readonly members: readonly Member[];
  /** Whether the members become one convolution. */
  readonly isRegion: boolean;
}

/** The network as a sequence of units, each after its inputs. Losses are not drawn. */
export function unitsOf({ train, fused, regions }: DrawnNetwork): readonly Unit[] {
  const fusedMembers = membersOf(fused);
  const trainMembers = train ? membersOf(train) : undefined;
  const regionOf = new Map(regions.map((region) => [region.name, region]));
  const inTrain = (name: string): Member => {
    const found = trainMembers?.get(name);
    if (!found) throw new InternalError(`The train form has no node '${name}'.`);
    return found;
  };
  return fused.nodes
    .filter(({ name }) => name !== fused.loss)
    .map(({ name, inputs }) => {
      const region = regionOf.get(name);
      const names = region ? region.nodes : train ? [name] : [];
      return {
        ...{ name, inputs, fused: fusedMembers.get(name)! },
        members: names.map(inTrain),
        isRegion: region !== undefined,
      };
    });
}

function membersOf(graph: Graph): ReadonlyMap<string, Member> {
  const shapes = shapesOf(graph);
  const costs = nodeCosts(graph);
  return new Map(
    graph.nodes.map((node) => {
      const inputs = node.inputs.map((input) => shapes.get(input)!);
      const shape = shapes.get(node.name)!;
      return [node.name, { node, inputs, shape, costs: costs.get(node.name)! }];
    }),
  );
}
