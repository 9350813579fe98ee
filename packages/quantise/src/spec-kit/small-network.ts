import { GraphBuilder, initialise, randomOf, type Graph, type HostTensor } from '@refold/graph';

/** Bytes of 3 × 9 × 8, three convolutions (the second strided and grouped) with relus, a mean, and a head of five classes. */
export function smallNetwork(): Graph {
  const b = new GraphBuilder({ shape: [3, 9, 8], dtype: 'uint8' });
  const statistics = { mean: [0.4, 0.5, 0.45], std: [0.2, 0.25, 0.22] };
  const x = b.node('normalize', 'normalize', [b.input], statistics);
  const common = { kernel: 3, padding: 1, bias: true };
  const first = b.activation('relu', 'a.act', b.conv2d('a', x, { ...common, outChannels: 8 }));
  const options = { ...common, outChannels: 12, stride: 2, groups: 2 };
  const second = b.activation('relu', 'b.act', b.conv2d('b', first, options));
  const third = b.conv2d('c', second, { outChannels: 6, kernel: 1, bias: true });
  const pooled = b.globalAvgPool('pool', b.activation('relu', 'c.act', third));
  const vector = b.node('dropout', 'drop', [b.flatten('flat', pooled)], { rate: 0.1 });
  return b.build(b.linear('fc', vector, { outFeatures: 5 }));
}

/** Weights of which none is 0, biases too. */
export function someWeights(graph: Graph, seed: number): Map<string, HostTensor> {
  const weights = initialise(graph, seed);
  for (const [name, { data }] of weights) {
    const random = randomOf(seed, name);
    data.forEach((value, i) => (data[i] = value + 0.1 * random.normal()));
  }
  return weights;
}

/** Bytes `[images, 3, 9, 8]`. */
export function someImages(images: number, seed: number) {
  const random = randomOf(seed, 'images');
  const shape = [images, 3, 9, 8];
  return { shape, data: Float64Array.from({ length: images * 216 }, () => random.int(256)) };
}
