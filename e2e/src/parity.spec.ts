import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device, TrainingSession } from '@refold/core';
import { tensorsOf } from '@refold/graph';
import { onednnDevice, probeOnednn } from '@refold/plugin-device-onednn';
import {
  cpuDevice,
  probeLibtensorflow,
  tfjsNodeDevice,
  wasmDevice,
} from '@refold/plugin-device-tfjs';
import { fuse } from '@refold/reparam';
import { relativeError, sharedFolder } from '@refold/testing';
import {
  fixtureBatch,
  fixtureUse,
  fixtureWeights,
  parityNetworks,
  readFixture,
  type Fixture,
} from './spec-kit/parity-fixtures.js';

const shared = sharedFolder();
const tensorflow = probeLibtensorflow();
const onednn = probeOnednn();

const devices: readonly (readonly [name: string, make: () => Promise<Device>])[] = [
  ['cpu', () => Promise.resolve(cpuDevice())],
  ['wasm', () => Promise.resolve(wasmDevice())],
  ...(tensorflow.usable ? [['tfjs-node', () => tfjsNodeDevice({ threads: 2 })] as const] : []),
  ...(onednn.usable ? [['onednn', () => Promise.resolve(onednnDevice())] as const] : []),
];

const suite = shared ? describe : describe.skip;
if (!tensorflow.usable) {
  it.skip(`parity on tfjs-node: ${tensorflow.reason ?? 'no libtensorflow'}`, () => undefined);
}

if (!onednn.usable) it.skip(`parity on onednn: ${onednn.reason}`, () => undefined);

suite.each(devices)('parity with PyTorch on %s', (_device, make) => {
  let device: Device;
  beforeAll(async () => {
    device = await make();
  });
  afterAll(() => device.close());

  describe.each(parityNetworks)('%s', (name, graph) => {
    let fixture: Fixture;
    let session: TrainingSession;
    beforeAll(async () => {
      fixture = await readFixture(name, graph());
      session = await device.load(fixture.graph, fixtureUse(fixture, 'float32'));
    });
    afterAll(() => session.close());

    it('gives its logits in evaluation', async () => {
      const { data } = await session.infer(fixtureBatch(fixture, 0));
      expectClose('eval.logits', data, fixture, 1e-4);
    });

    it('gives its losses, gradients, parameters and statistics over all steps', async () => {
      for (const [step, loss] of fixture.losses.entries()) {
        const outcome = await session.backward(fixtureBatch(fixture, step));
        expect(Math.abs(outcome.loss - loss) / loss).toBeLessThan(1e-4);
        if (step === 0) await expectGradients(session, fixture);
        await session.update(0.05);
      }
      const after = await session.read();
      for (const { name: tensor } of tensorsOf(fixture.graph)) {
        expectClose(`after.${tensor}`, after.get(tensor)!.data, fixture, 1e-4);
      }
    });

    it("gives timm's fused logits, from its fused weights and from ours", async () => {
      const ours = fuse(fixture.graph, fixtureWeights(fixture, 'init'));
      const theirs = fixtureWeights({ ...fixture, graph: ours.graph }, 'fused', (tensor) =>
        tensor.replace(/^(stem|stages\.\d+\.\d+).*\.(weight|bias)$/, '$1.reparam_conv.$2'),
      );
      for (const weights of [theirs, ours.weights]) {
        const use = { kind: 'inference', batchSize: 8, precision: 'float32', weights } as const;
        const fused = await device.load(ours.graph, use);
        const { data } = await fused.infer(fixtureBatch(fixture, 0));
        expectClose('fused.logits', data, fixture, 1e-5);
        await fused.close();
      }
    });
  });
});

/**
 * A depthwise 1×1 weight before a BN: the BN undoes its size, so its gradient is zero but for eps and what is left is
 * noise. Its tolerance is three times PyTorch's own float32 noise there (shared/parity/README.md).
 */
const nearZero = /conv_scale\.conv\.weight$/;

async function expectGradients(session: TrainingSession, fixture: Fixture): Promise<void> {
  for (const bucket of session.gradients) {
    const values = await bucket.read();
    for (const { name, offset, length } of bucket.parameters) {
      const tolerance = nearZero.test(name) ? 3 * 4.8e-4 : 1e-4;
      expectClose(`grad.0.${name}`, values.subarray(offset, offset + length), fixture, tolerance);
    }
  }
}

/** Relative 2-norm of the difference below the tolerance. */
function expectClose(
  name: string,
  actual: Float32Array,
  { tensors }: Fixture,
  tolerance: number,
): void {
  const expected = tensors.get(name)!.data;
  const error = relativeError(actual, expected);
  expect({ name, error, isClose: error < tolerance }).toEqual({ name, error, isClose: true });
}
