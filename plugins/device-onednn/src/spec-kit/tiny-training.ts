import type { LabelledBatch, TrainingUse } from '@refold/core';
import {
  expr,
  GraphBuilder,
  initialise,
  randomOf,
  withLoss,
  type Graph,
  type UpdateRule,
  type Value,
} from '@refold/graph';

const { add, gradient, mul, parameter, rate, slot, sub } = expr;

/** v ← 0.9 v + g; p ← p − rate · v */
export const momentumRule: UpdateRule = {
  name: 'momentum',
  slots: [{ name: 'velocity', init: 0 }],
  hyper: {},
  assignments: [
    { target: { slot: 'velocity' }, value: add(mul(0.9, slot('velocity')), gradient) },
    { target: { parameter: true }, value: sub(parameter, mul(rate, slot('velocity'))) },
  ],
};

/** A network of 6 × 5 images with two channels and three classes around the ops that `body` puts in. */
export function tinyNetwork(body: (b: GraphBuilder, x: Value) => Value): Graph {
  const b = new GraphBuilder({ shape: [2, 6, 5], dtype: 'float32' });
  const first = b.conv2d('first', b.input, { outChannels: 4, kernel: 1, bias: true });
  const x = body(b, first);
  const flat = x.shape.length === 1 ? x : b.flatten('flatten', x);
  return withLoss(b.build(b.linear('head', flat, { outFeatures: 3 })), {
    labelSmoothing: 0.1,
    targets: 'index',
  });
}

/** Images of normal noise, the same for the same seed. */
export function tinyBatch(seed: number, images = 4): LabelledBatch {
  const random = randomOf(seed, 'tiny batch');
  return {
    images,
    channels: 2,
    height: 6,
    width: 5,
    layout: 'NCHW',
    data: Float32Array.from({ length: images * 60 }, () => random.normal()),
    labels: Int32Array.from({ length: images }, () => random.int(3)),
    samples: Int32Array.from({ length: images }, (_, i) => i),
  };
}

export function tinyUse(graph: Graph, over: Partial<TrainingUse> = {}): TrainingUse {
  const weights = initialise(graph, 7);
  // The head's own small initial values would hide errors behind gradients near zero.
  const head = weights.get('head.weight')!;
  head.data.forEach((value, i) => (head.data[i] = 50 * value));
  return {
    kind: 'training',
    batchSize: 4,
    precision: 'float32',
    updateRule: momentumRule,
    weights,
    seed: 3,
    ...over,
  };
}
