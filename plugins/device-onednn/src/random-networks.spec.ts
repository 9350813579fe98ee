import { expect, it } from '@jest/globals';
import type { Device, LabelledBatch } from '@refold/core';
import {
  randomOf,
  tensorsOf,
  withLoss,
  type Graph,
  type HostTensor,
  type NamedTensors,
} from '@refold/graph';
import { relativeError } from '@refold/testing';
import fc from 'fast-check';
import { liveGraph } from './lower/live-graph.js';
import { besideReference } from './spec-kit/beside-reference.js';
import { arbitraryNetwork } from './spec-kit/arbitrary-network.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { momentumRule } from './spec-kit/tiny-training.js';

/** Nothing at its first value; variances positive. */
function weightsOf(graph: Graph): Map<string, HostTensor> {
  return new Map(
    tensorsOf(graph).map(({ name, shape }) => {
      const random = randomOf(1, name);
      const length = shape.reduce((a, b) => a * b, 1);
      const isScale = /(running_var|(blocks\.\d+)\.weight)$/.test(name) && shape.length === 1;
      const data = Float32Array.from({ length }, () =>
        isScale ? 0.7 + 0.5 * random.uniform() : 0.4 * random.normal(),
      );
      return [name, { shape, data }];
    }),
  );
}

function batchFor(graph: Graph): LabelledBatch {
  const [input] = graph.nodes;
  const bytes = input?.op === 'input' && input.attrs.dtype === 'uint8';
  const random = randomOf(2, 'batch');
  const length = 3 * 40;
  return {
    ...{ images: 3, channels: 2, height: 5, width: 4, layout: 'NCHW' },
    data: bytes
      ? Uint8Array.from({ length }, () => random.int(256))
      : Float32Array.from({ length }, () => random.normal()),
    labels: Int32Array.of(0, 2, 1),
    samples: Int32Array.of(0, 1, 2),
  };
}

/** Two steps of training: the losses, the first gradients, and everything that is left. */
async function train(device: Device, graph: Graph) {
  const session = await device.load(withLoss(graph, { labelSmoothing: 0.1, targets: 'index' }), {
    ...{ kind: 'training', batchSize: 3, precision: 'float32', seed: 1 },
    ...{ updateRule: momentumRule, weights: weightsOf(graph) },
  });
  const losses = [(await session.backward(batchFor(graph))).loss];
  const gradients = new Map<string, Float32Array>();
  for (const bucket of session.gradients) {
    const values = await bucket.read();
    for (const { name, offset, length } of bucket.parameters)
      gradients.set(name, values.slice(offset, offset + length));
  }
  await session.update(1e-3);
  losses.push((await session.backward(batchFor(graph))).loss);
  const state = await session.read();
  const { data: logits } = await session.infer(batchFor(graph));
  await session.close();
  return { losses, gradients, state, logits };
}

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

describeBuilt('random networks on onednn', () => {
  const open = besideReference();

  it('are trained as the reference trains them', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryNetwork({ drops: false }), async (graph) => {
        const [received, expected] = [
          await train(open.device, graph),
          await train(open.reference, graph),
        ];
        // Where values explode or vanish, rounding decides.
        fc.pre(expected.losses.every((loss) => loss < 20));
        expect(relativeError(received.losses, expected.losses)).toBeLessThan(1e-4);
        const largest = Math.max(...[...expected.gradients.values()].map(norm));
        for (const [name, values] of expected.gradients) {
          const difference = norm(values.map((v, i) => v - received.gradients.get(name)![i]!));
          const error = difference / Math.max(norm(values), 1e-2 * largest);
          expect({ name, isClose: error < 1e-3, error }).toMatchObject({ name, isClose: true });
        }
        expectClose(graph, received.state, expected.state);
        expect(relativeError(received.logits, expected.logits)).toBeLessThan(1e-3);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

/** Of nodes that the output depends on: the others' statistics need not move. */
function expectClose(graph: Graph, received: NamedTensors, expected: NamedTensors): void {
  const live = new Set(liveGraph(graph, true).nodes.map(({ name }) => name));
  for (const [name, { data }] of expected) {
    if (!live.has(name.slice(0, name.lastIndexOf('.')))) continue;
    const error = relativeError(received.get(name)!.data, data);
    expect({ name, isClose: error < 1e-3, error }).toMatchObject({ name, isClose: true });
  }
}
