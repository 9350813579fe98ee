import type { Graph, NamedTensors, Quantisation } from '@refold/graph';
import { planQuantisation, quantise } from '@refold/quantise';

/**
 * A quantisation that is right but for its numbers: every value from −1 to 1. For what does not depend on numbers: speed,
 * and what a device compiles.
 *
 * @param graph in fused form @throws RefoldError `RF-QUANTISE-TRAIN-FORM`
 */
export function standInQuantisation(graph: Graph, weights: NamedTensors): Quantisation {
  const { values } = planQuantisation(graph);
  const ranges = Object.fromEntries(values.map((name) => [name, { min: -1, max: 1 }]));
  return quantise(graph, weights, ranges);
}
