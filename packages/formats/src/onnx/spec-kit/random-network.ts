import { randomOf, sizeOf, tensorsOf, type Graph, type HostTensor } from '@refold/graph';

/** Weights as a trained network has them: none is 0, variances are positive. */
export function randomWeights(graph: Graph, seed = 1): Map<string, HostTensor> {
  const random = randomOf(seed, 'weights');
  return new Map(
    tensorsOf(graph).map(({ name, shape }) => {
      const fanIn = Math.max(1, sizeOf(shape.slice(1)));
      const value = name.endsWith('running_var')
        ? () => 0.5 + random.uniform()
        : () => random.normal() / Math.sqrt(fanIn);
      return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, value) }];
    }),
  );
}

/** A batch of two that a graph takes. */
export function randomBatch(graph: Graph, seed = 2): HostTensor {
  const random = randomOf(seed, 'batch');
  const [first] = graph.nodes;
  if (first?.op !== 'input') throw new Error('no input');
  const shape = [2, ...first.attrs.shape];
  const value = first.attrs.dtype === 'uint8' ? () => random.int(256) : () => random.normal();
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, value) };
}
