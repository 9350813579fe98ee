import { describe, expect, it } from '@jest/globals';
import { parametersOf, randomOf, type Graph } from '@refold/graph';
import { kitBatch, kitWeights } from '../device-kit/kit-data.js';
import { opCases } from '../device-kit/op-cases.js';
import { tinyGraph } from '../fakes/tiny-graph.js';
import { crossEntropy } from './cross-entropy.js';
import { runGraph } from './run-graph.js';

const graphs: readonly (readonly [string, Graph])[] = [
  ...opCases.map(({ title, graph }) => [title, graph] as const),
  ['a whole block', tinyGraph()],
];

/** Central differences of the loss in float64, in training mode: truth that no backward rule takes part in. */
describe('runGraph', () => {
  it.each(graphs)('differentiates %s', (_title, graph) => {
    const batch = kitBatch(graph, { soft: true });
    const weights = new Map(
      [...kitWeights(graph)].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const run = () => {
      const pass = runGraph(graph, weights, batch, { random: (node) => randomOf(1, node) });
      return { pass, ...crossEntropy(pass.output.data, batch.targets!, batch.images, 0.1) };
    };
    const { pass, gradient } = run();
    const gradients = pass.backward(gradient);
    expect([...gradients.keys()].sort()).toEqual(
      parametersOf(graph)
        .map(({ name }) => name)
        .sort(),
    );
    for (const [name, received] of gradients) {
      const values = weights.get(name)!;
      // A few of each tensor are enough to catch a wrong rule; the first and the last among them.
      for (const i of [...new Set([0, Math.floor(values.length / 2), values.length - 1])]) {
        const h = 1e-5;
        const kept = values[i]!;
        values[i] = kept + h;
        const above = run().loss;
        values[i] = kept - h;
        const below = run().loss;
        values[i] = kept;
        const expected = (above - below) / (2 * h);
        expect(Math.abs(received[i]! - expected)).toBeLessThan(1e-6 * (1 + Math.abs(expected)));
      }
    }
  });
});
