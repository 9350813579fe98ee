import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device, ModelContext, TrainingSession } from '@refold/core';
import { readSafetensors, toNamedTensors } from '@refold/formats';
import {
  expr,
  tensorsOf,
  withLoss,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type UpdateRule,
} from '@refold/graph';
import {
  cpuDevice,
  probeLibtensorflow,
  tfjsNodeDevice,
  wasmDevice,
} from '@refold/plugin-device-tfjs';
import { onednnDevice, probeOnednn } from '@refold/plugin-device-onednn';
import { mobileoneGraph } from '@refold/plugin-model-mobileone';
import { repvggGraph } from '@refold/plugin-model-repvgg';
import { fuse } from '@refold/reparam';
import { relativeError, sharedFolder } from '@refold/testing';

/** PyTorch's and timm's numbers; `shared/parity/README.md` says what each tensor is. */
interface Fixture {
  readonly graph: Graph;
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly labels: readonly Int32Array[];
  readonly losses: readonly number[];
}

const shared = sharedFolder();
const tensorflow = probeLibtensorflow();
const onednn = probeOnednn();

const context: ModelContext = { numClasses: 10, sample: { channels: 3, height: 64, width: 64 } };
const common = { depths: [1, 2, 2, 1], stem: 16, squeezeExcite: false, dropRate: 0 };
const repvgg = (groups: number) =>
  repvggGraph(
    { ...common, widths: [16, 32, 64, 128], groups, groupEvery: 2, batchNormInit: 'one' },
    context,
  );

const networks: readonly (readonly [name: string, graph: () => Graph])[] = [
  ['repvgg-tiny', () => repvgg(1)],
  ['repvgg-tiny-g2', () => repvgg(2)],
  [
    'mobileone-tiny',
    () =>
      mobileoneGraph(
        { ...common, widths: [16, 32, 64, 64], branches: 4, squeezeExcite: [0, 0, 0, 0] },
        context,
      ),
  ],
];

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

  describe.each(networks)('%s', (name, graph) => {
    let fixture: Fixture;
    let session: TrainingSession;
    beforeAll(async () => {
      fixture = await readFixture(name, graph());
      session = await device.load(fixture.graph, {
        kind: 'training',
        batchSize: 8,
        precision: 'float32',
        updateRule: sgd,
        weights: weightsFrom(fixture, 'init'),
        seed: 1,
      });
    });
    afterAll(() => session.close());

    it('gives its logits in evaluation', async () => {
      const { data } = await session.infer(batchOf(fixture, 0));
      expectClose('eval.logits', data, fixture, 1e-4);
    });

    it('gives its losses, gradients, parameters and statistics over all steps', async () => {
      for (const [step, loss] of fixture.losses.entries()) {
        const outcome = await session.backward(batchOf(fixture, step));
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
      const ours = fuse(fixture.graph, weightsFrom(fixture, 'init'));
      const theirs = weightsFrom({ ...fixture, graph: ours.graph }, 'fused', (tensor) =>
        tensor.replace(/^(stem|stages\.\d+\.\d+).*\.(weight|bias)$/, '$1.reparam_conv.$2'),
      );
      for (const weights of [theirs, ours.weights]) {
        const use = { kind: 'inference', batchSize: 8, precision: 'float32', weights } as const;
        const fused = await device.load(ours.graph, use);
        const { data } = await fused.infer(batchOf(fixture, 0));
        expectClose('fused.logits', data, fixture, 1e-5);
        await fused.close();
      }
    });
  });
});

const { add, gradient, mul, parameter, rate, slot, sub } = expr;

/** SGD as in the fixtures: momentum 0.9, weight decay 1e-4 on everything. */
const sgd: UpdateRule = {
  name: 'sgd',
  slots: [{ name: 'velocity', init: 0 }],
  hyper: { decay: { value: 1e-4 } },
  assignments: [
    {
      target: { slot: 'velocity' },
      value: add(mul(0.9, slot('velocity')), add(gradient, mul(expr.hyper('decay'), parameter))),
    },
    { target: { parameter: true }, value: sub(parameter, mul(rate, slot('velocity'))) },
  ],
};

async function readFixture(name: string, graph: Graph): Promise<Fixture> {
  const path = join(shared ?? '', 'parity', `${name}.safetensors`);
  const { tensors } = await readSafetensors(path);
  const isLabel = ([key]: readonly [string, unknown]) => key.startsWith('labels.');
  const json = JSON.parse(await readFile(path.replace(/safetensors$/, 'json'), 'utf8')) as {
    train_losses: number[];
  };
  return {
    graph: withLoss(graph, { labelSmoothing: 0.1, targets: 'index' }),
    tensors: toNamedTensors(path, new Map([...tensors].filter((entry) => !isLabel(entry)))),
    labels: json.train_losses.map((_, step) => {
      const bytes = tensors.get(`labels.${step}`)!.data.slice();
      return new Int32Array(bytes.buffer);
    }),
    losses: json.train_losses,
  };
}

function weightsFrom(
  { graph, tensors }: Fixture,
  prefix: string,
  rename = (name: string) => name,
): NamedTensors {
  return new Map(
    tensorsOf(graph).map(({ name }) => [name, tensors.get(`${prefix}.${rename(name)}`)!]),
  );
}

function batchOf({ tensors, labels }: Fixture, step: number) {
  return {
    images: 8,
    channels: 3,
    height: 64,
    width: 64,
    layout: 'NCHW' as const,
    data: tensors.get(`input.${step}`)!.data,
    labels: labels[step]!,
    samples: new Int32Array(8),
  };
}

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
