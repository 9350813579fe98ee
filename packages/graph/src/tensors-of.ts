import type { Graph } from './graph.js';
import { nodeTensors } from './node-rules.js';
import { inputShapes, shapesOf } from './shapes-of.js';
import type { TensorSpec } from './tensor.js';

/**
 * Every tensor of the graph by full name, parameters and buffers: in node order, within a node
 * weight, bias, running_mean, running_var. This is the order of a state dict.
 */
export function tensorsOf(graph: Graph): readonly TensorSpec[] {
  const shapes = shapesOf(graph);
  return graph.nodes.flatMap((node) => nodeTensors(node, inputShapes(node, shapes)));
}

/** The trained tensors among {@link tensorsOf}, in the same order. */
export function parametersOf(graph: Graph): readonly TensorSpec[] {
  return tensorsOf(graph).filter(({ kind }) => kind === 'parameter');
}
