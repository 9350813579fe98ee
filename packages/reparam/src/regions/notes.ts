import type { Graph } from '@refold/graph';
import type { WeightReader } from './weight-reader.js';

/**
 * What often explains "outputs differ after conversion": batch norms whose statistics are still those of a new
 * network (mean 0, variance 1), because training never ran in training mode or half of the weights were loaded.
 */
export function notesOn(graph: Graph, weights: WeightReader): readonly string[] {
  const norms = graph.nodes.filter(({ op }) => op === 'batch_norm');
  const untouched = norms.filter(
    ({ name }) =>
      weights(`${name}.running_mean`).every((mean) => mean === 0) &&
      weights(`${name}.running_var`).every((variance) => variance === 1),
  );
  if (untouched.length === 0) return [];
  const [first, second] = untouched.map(({ name }) => `'${name}'`);
  const which =
    untouched.length > 2
      ? `${first}, ${second} and others`
      : [first, second].filter(Boolean).join(', ');
  return [
    `${untouched.length} of ${norms.length} batch norms have statistics that were never updated (mean 0, variance 1): ${which}. The network may be untrained, or its weights only partly loaded.`,
  ];
}
