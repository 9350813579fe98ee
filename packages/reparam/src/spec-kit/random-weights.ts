import { randomOf, sizeOf, tensorsOf, type Graph, type HostTensor } from '@refold/graph';

/** Weights as after training: no zero biases, no unit statistics, so that every term of a formula shows. */
export function randomWeights(graph: Graph, seed: number): Map<string, HostTensor> {
  return new Map(
    tensorsOf(graph).map(({ name, shape }) => {
      const random = randomOf(seed, name);
      const fanIn = shape.length === 4 ? sizeOf(shape.slice(1)) : 1;
      const data = Float32Array.from({ length: sizeOf(shape) }, () =>
        name.endsWith('running_var') ? 0.5 + random.uniform() : random.normal() / Math.sqrt(fanIn),
      );
      return [name, { shape, data }];
    }),
  );
}
