import type { Graph } from './graph.js';
import { nodeMacs, nodeTensors } from './node-rules.js';
import { inputShapes, shapesOf } from './shapes-of.js';
import { sizeOf } from './tensor.js';

/** What one node costs; {@link Counts} of a graph are the sums. */
export interface NodeCosts {
  /** Trained numbers. */
  readonly parameters: number;
  /** Multiply-adds of one sample. */
  readonly macs: number;
}

/** Costs of every node, by name, in node order. */
export function nodeCosts(graph: Graph): ReadonlyMap<string, NodeCosts> {
  const shapes = shapesOf(graph);
  return new Map(
    graph.nodes.map((node) => {
      const inputs = inputShapes(node, shapes);
      const trained = nodeTensors(node, inputs).filter(({ kind }) => kind === 'parameter');
      const parameters = trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      const macs = nodeMacs(node, inputs, shapes.get(node.name) ?? []);
      return [node.name, { parameters, macs }];
    }),
  );
}
