import type { LabelledBatch, TrainingSession, TrainingUse } from '@refold/core';
import {
  GraphBuilder,
  initialise,
  randomOf,
  shapesOf,
  tensorsOf,
  withLoss,
  type Graph,
  type HostTensor,
  type Value,
} from '@refold/graph';
import { momentumRule } from './tiny-training.js';

/** relu(Σ bn(branch)): 3 × 3, 1 × 1, and the identity where shapes allow it. */
export function repvggBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  outChannels: number,
  stride = 1,
): Value {
  const branch = (kind: string, kernel: number) => {
    const options = { outChannels, kernel, stride, padding: (kernel - 1) / 2 };
    return b.batchNorm(`${name}.${kind}.bn`, b.conv2d(`${name}.${kind}.conv`, x, options));
  };
  const branches = [branch('conv_kxk', 3), branch('conv_1x1', 1)];
  if (stride === 1 && x.shape[0] === outChannels) branches.push(b.batchNorm(`${name}.identity`, x));
  return b.activation('relu', `${name}.act`, b.add(`${name}.sum`, branches));
}

/** A RepVGG of four blocks on 3 × 20 × 20 images: 16, 32, 32 and 32 channels; the last two take Winograd. */
export function repvggNetwork(): Graph {
  const b = new GraphBuilder({ shape: [3, 20, 20], dtype: 'float32' });
  let x = repvggBlock(b, 'stem', b.input, 16, 2);
  x = repvggBlock(b, 'stages.0.0', x, 32);
  for (const block of [1, 2]) x = repvggBlock(b, `stages.0.${block}`, x, 32);
  const vector = b.flatten('head.flatten', b.globalAvgPool('head.pool', x));
  const head = b.linear('head.fc', vector, { outFeatures: 5 });
  return withLoss(b.build(head), { labelSmoothing: 0.1, targets: 'index' });
}

/** Initial weights with a head that is not nearly zero, and norms that are not the identity. */
export function repvggWeights(graph: Graph): Map<string, HostTensor> {
  const weights = initialise(graph, 5);
  for (const { name } of tensorsOf(graph)) {
    const random = randomOf(6, name);
    const { shape, data } = weights.get(name)!;
    if (name === 'head.fc.weight') data.forEach((value, i) => (data[i] = 30 * value));
    else if (shape.length === 1 && !name.includes('running'))
      data.forEach((value, i) => (data[i] = value + 0.2 * random.normal()));
  }
  return weights;
}

/** Training of {@link repvggNetwork} with six images a step. */
export function repvggUse(graph: Graph, over: Partial<TrainingUse> = {}): TrainingUse {
  const numbers = { batchSize: 6, precision: 'float32', seed: 2 } as const;
  const use = { kind: 'training', ...numbers, updateRule: momentumRule } as const;
  return { ...use, weights: repvggWeights(graph), ...over };
}

/** Noise that fits a graph's input, the same for the same seed. */
export function noiseFor(graph: Graph, seed: number, images: number, classes = 5): LabelledBatch {
  const [channels, height, width] = shapesOf(graph).get('input') as [number, number, number];
  const random = randomOf(seed, 'noise');
  const length = images * channels * height * width;
  return {
    ...{ images, channels, height, width, layout: 'NCHW' },
    data: Float32Array.from({ length }, () => random.normal()),
    labels: Int32Array.from({ length: images }, () => random.int(classes)),
    samples: Int32Array.from({ length: images }, (_, i) => i),
  };
}

/** All gradients of a session by parameter. */
export async function gradientsOf(session: TrainingSession): Promise<Map<string, Float32Array>> {
  const gradients = new Map<string, Float32Array>();
  for (const bucket of session.gradients) {
    const values = await bucket.read();
    for (const { name, offset, length } of bucket.parameters)
      gradients.set(name, values.slice(offset, offset + length));
  }
  return gradients;
}

/** One vector of all gradients, in the order of their names. */
export function flatOf(gradients: ReadonlyMap<string, Float32Array>): number[] {
  const names = [...gradients.keys()].sort();
  return names.flatMap((name) => Array.from(gradients.get(name)!));
}
