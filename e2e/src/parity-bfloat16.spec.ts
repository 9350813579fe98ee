import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { tensorsOf } from '@refold/graph';
import { onednnDevice, probeOnednn } from '@refold/plugin-device-onednn';
import { fuse } from '@refold/reparam';
import { relativeError, sharedFolder } from '@refold/testing';
import {
  fixtureBatch,
  fixtureUse,
  fixtureWeights,
  parityNetworks,
  readFixture,
} from './spec-kit/parity-fixtures.js';

/**
 * What bfloat16 may differ by from PyTorch's float32: three digits go into the convolutions, statistics, gradients of
 * weights and updates are float32. Relative, in the 2-norm (docs/guides/onednn.md).
 */
const tolerance = { logits: 0.02, loss: 2e-3, gradients: 0.15, parameters: 0.05 };

const onednn = probeOnednn();
const isPossible = onednn.usable && sharedFolder() !== null;
if (!isPossible) it.skip(`bfloat16 on onednn: ${onednn.reason}`, () => undefined);

(isPossible ? describe : describe.skip)('bfloat16 on onednn beside PyTorch', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it.each(parityNetworks)('trains %s', async (name, graph) => {
    const fixture = await readFixture(name, graph());
    const { tensors, losses } = fixture;
    const session = await device.load(fixture.graph, fixtureUse(fixture, 'bfloat16'));
    const { data } = await session.infer(fixtureBatch(fixture, 0));
    expect(relativeError(data, tensors.get('eval.logits')!.data)).toBeLessThan(tolerance.logits);
    for (const [step, loss] of losses.entries()) {
      const outcome = await session.backward(fixtureBatch(fixture, step));
      expect(Math.abs(outcome.loss - loss) / loss).toBeLessThan(tolerance.loss);
      if (step === 0) {
        const received = await Promise.all(session.gradients.map((bucket) => bucket.read()));
        const expected = session.gradients
          .flatMap(({ parameters }) => parameters)
          .map((parameter) => tensors.get(`grad.0.${parameter.name}`)!.data);
        const error = relativeError(together(received), together(expected));
        expect(error).toBeLessThan(tolerance.gradients);
      }
      await session.update(0.05);
    }
    const after = await session.read();
    for (const { name: tensor } of tensorsOf(fixture.graph)) {
      const error = relativeError(after.get(tensor)!.data, tensors.get(`after.${tensor}`)!.data);
      expect({ tensor, error, isClose: error < tolerance.parameters }).toMatchObject({
        isClose: true,
      });
    }
    await session.close();
  });

  it.each(parityNetworks)('infers %s, fused', async (name, graph) => {
    const fixture = await readFixture(name, graph());
    const { graph: fused, weights } = fuse(fixture.graph, fixtureWeights(fixture, 'init'));
    const use = { kind: 'inference', batchSize: 8, precision: 'bfloat16', weights } as const;
    const session = await device.load(fused, use);
    const { data } = await session.infer(fixtureBatch(fixture, 0));
    const expected = fixture.tensors.get('fused.logits')!.data;
    expect(relativeError(data, expected)).toBeLessThan(tolerance.logits);
    await session.close();
  });
});

function together(parts: readonly Float32Array[]): number[] {
  return parts.flatMap((part) => Array.from(part));
}
