import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device, LabelledBatch, Model, TrainingSession } from '@refold/core';
import { Model as ModelPoint } from '@refold/core';
import { expr, initialise, randomOf, withLoss, type UpdateRule } from '@refold/graph';
import { wasmDevice } from '@refold/plugin-device-tfjs';
import repvgg from '@refold/plugin-model-repvgg';
import resnet from '@refold/plugin-model-resnet';
import { checkGate, fuse, prove } from '@refold/reparam';
import { createProvided } from '@refold/testing';

const side = 32;
const images = 8;

const repvggOf = (options: object) =>
  createProvided(repvgg, ModelPoint, {
    use: 'repvgg',
    options: { depths: [1, 2], widths: [8, 16], ...options },
  });
const resnetOf = (block: string) =>
  createProvided(resnet, ModelPoint, {
    use: 'resnet',
    options: { depths: [1, 1], widths: [8, 16], block },
  });

/** Convolutions with BN, which become one each: blocks, stem and shortcuts. */
const networks: readonly (readonly [name: string, make: () => Promise<Model>, regions: number])[] =
  [
    ['QARepVGG', () => repvggOf({ block: 'qarepvgg' }), 4],
    ['RepVGGplus', () => repvggOf({ postSqueezeExcite: true, batchNormInit: 'one' }), 4],
    ['ResNet', () => resnetOf('plain'), 6],
    ['ResNet of ACNet', () => resnetOf('acnet'), 6],
    ['ResNet of DBB', () => resnetOf('dbb'), 6],
  ];

const { add, gradient, mul, parameter, rate, slot, sub } = expr;
const momentum: UpdateRule = {
  name: 'momentum',
  slots: [{ name: 'velocity', init: 0 }],
  hyper: {},
  assignments: [
    { target: { slot: 'velocity' }, value: add(mul(0.9, slot('velocity')), gradient) },
    { target: { parameter: true }, value: sub(parameter, mul(rate, slot('velocity'))) },
  ],
};

/** Two classes that a few steps tell apart: noise around a shade of its own. */
function shades(): LabelledBatch {
  const random = randomOf(3, 'shades');
  const labels = Int32Array.from({ length: images }, (_, n) => n % 2);
  const size = 3 * side * side;
  const data = Float32Array.from(
    { length: images * size },
    (_, i) => random.normal() + (labels[Math.floor(i / size)] ? 0.5 : -0.5),
  );
  const samples = Int32Array.from({ length: images }, (_, n) => n);
  return { images, channels: 3, height: side, width: side, layout: 'NCHW', data, labels, samples };
}

describe.each(networks)('%s', (_name, make, regions) => {
  let device: Device;
  let session: TrainingSession;
  beforeAll(() => void (device = wasmDevice()));
  afterAll(async () => {
    await session.close();
    await device.close();
  });

  it('learns, and ships as one convolution per block within the gate', async () => {
    const sample = { channels: 3, height: side, width: side };
    const graph = (await make()).build({ numClasses: 2, sample });
    session = await device.load(withLoss(graph, { labelSmoothing: 0, targets: 'index' }), {
      kind: 'training',
      batchSize: images,
      precision: 'float32',
      updateRule: momentum,
      weights: initialise(graph, 1),
      seed: 1,
    });
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      losses.push((await session.backward(shades())).loss);
      await session.update(0.1);
    }
    expect(losses[0]).toBeGreaterThan(0.3);
    expect(losses.at(-1)! / losses[0]!).toBeLessThan(0.5);

    const weights = await session.read();
    const fused = fuse(graph, weights);
    expect(fused.report.notes).toEqual([]);
    const proof = await prove({ graph, weights }, fused);
    expect(proof.regions).toHaveLength(regions);
    expect(() => checkGate(proof)).not.toThrow();
    expect(fused.graph.nodes.filter(({ op }) => op === 'batch_norm')).toEqual([]);
  });
});
