import { duplicateName, unknownNode } from './errors.js';
import type { Graph } from './graph.js';
import type { SoftmaxCrossEntropyAttrs } from './op-attrs.js';
import { rebuild } from './rebuild.js';

/**
 * The graph with a loss on its output: a node `loss`. A loss that is there already is replaced.
 *
 * @throws RefoldError `RF-GRAPH-SHAPE` when the output is not a vector of logits, `RF-GRAPH-ATTRS`,
 * `RF-GRAPH-DUPLICATE-NAME` when another node is named `loss`
 */
export function withLoss(graph: Graph, attrs: SoftmaxCrossEntropyAttrs): Graph {
  const body = withoutLoss(graph);
  if (body.nodes.some(({ name }) => name === 'loss')) throw duplicateName('loss');
  const { builder, values } = rebuild(body.nodes);
  const output = values.get(body.output);
  if (!output) throw unknownNode(body.output);
  return builder.build(output, builder.node('softmax_cross_entropy', 'loss', [output], attrs));
}

/** The graph without its loss; the same object when it has none. */
export function withoutLoss(graph: Graph): Graph {
  if (graph.loss === undefined) return graph;
  const nodes = graph.nodes.filter(({ name }) => name !== graph.loss);
  return Object.freeze({ version: 1, nodes: Object.freeze(nodes), output: graph.output });
}
