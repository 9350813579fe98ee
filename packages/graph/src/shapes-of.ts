import { unknownInput } from './errors.js';
import type { Graph, GraphNode } from './graph.js';
import { nodeShape } from './node-rules.js';
import type { SampleShape } from './tensor.js';

/**
 * Per-sample shape of every node's value, by node name, in node order.
 *
 * @throws RefoldError `RF-GRAPH-SHAPE`, `RF-GRAPH-UNKNOWN-INPUT` for a graph not made by `GraphBuilder`
 */
export function shapesOf(graph: Graph): ReadonlyMap<string, SampleShape> {
  const shapes = new Map<string, SampleShape>();
  for (const node of graph.nodes) shapes.set(node.name, nodeShape(node, inputShapes(node, shapes)));
  return shapes;
}

/** Shapes of a node's inputs, in order. @throws RefoldError `RF-GRAPH-UNKNOWN-INPUT` */
export function inputShapes(
  node: GraphNode,
  shapes: ReadonlyMap<string, SampleShape>,
): readonly SampleShape[] {
  return node.inputs.map((input) => {
    const shape = shapes.get(input);
    if (!shape) throw unknownInput(node.name, input);
    return shape;
  });
}
