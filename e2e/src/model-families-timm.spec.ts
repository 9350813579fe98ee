import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { count, tensorsOf, withLoss, type Graph, type HostTensor } from '@refold/graph';
import { onednnDevice, probeOnednn } from '@refold/plugin-device-onednn';
import { wasmDevice } from '@refold/plugin-device-tfjs';
import { checkGate, fuse, fusedForm, prove } from '@refold/reparam';
import { readFloatTensors, relativeError } from '@refold/testing';
import {
  asOurs,
  familyVariants,
  oursOf,
  tinyNetworks,
  type TimmTensors,
} from './spec-kit/model-families.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const python = process.env['REFOLD_PYTHON'];
const hasTimm =
  python !== undefined && spawnSync(python, ['-c', 'import timm, safetensors']).status === 0;
const suite = hasTimm ? describe : describe.skip;
if (!hasTimm) {
  it.skip('against timm: REFOLD_PYTHON names no Python with timm and safetensors', () => undefined);
}

/** Making and computing every network in Python. */
const PYTHON_MS = 600_000;
const folder = temporaryFolder();
const read = (name: string, prefix: string) =>
  readFloatTensors(path.join(folder, `${name}.safetensors`), prefix);
const only = (name: string, key: string): HostTensor => read(name, key).get('')!;

const networks = [
  ...tinyNetworks.map((network) => ({ ...network, side: 48, batch: 6, classes: 10 })),
  ...familyVariants
    .filter(({ name }) => ['repghostnet_050', 'repvit_m0_9', 'fastvit_t8'].includes(name))
    .map((network) => ({ ...network, side: 224, batch: 1, classes: 1000 })),
];

suite('against timm', () => {
  let device: Device;
  beforeAll(() => {
    const script = path.join(import.meta.dirname, '..', 'python', 'model_families.py');
    execFileSync(python!, [script, 'truth', folder], { stdio: 'ignore' });
    device = probeOnednn().usable ? onednnDevice() : wasmDevice();
  }, PYTHON_MS);
  afterAll(() => device.close());

  async function logitsOf(
    graph: Graph,
    weights: ReadonlyMap<string, HostTensor>,
    name: string,
  ): Promise<Float32Array> {
    const { shape, data } = only(name, 'input');
    const [images = 0, channels = 0, height = 0, width = 0] = shape;
    const use = { kind: 'inference', batchSize: images, precision: 'float32', weights } as const;
    const session = await device.load(graph, use);
    const batch = { images, channels, height, width, layout: 'NCHW', data } as const;
    const { data: logits } = await session.infer(batch);
    await session.close();
    return logits;
  }

  describe.each(networks)('$name', ({ name, graph: graphOf, side, batch, classes }) => {
    const graph = graphOf(side, classes);

    it('takes the weights by name and gives the logits, before and after fusion', async () => {
      const weights = asOurs(read(name, 'init.'), graph);
      const logits = only(name, 'logits');
      expect(logits.shape).toEqual([batch, classes]);
      expect(relativeError(await logitsOf(graph, weights, name), logits.data)).toBeLessThan(1e-4);

      const fusion = fuse(graph, weights);
      checkGate(await prove({ graph, weights }, fusion));
      const fused = await logitsOf(fusion.graph, fusion.weights, name);
      const theirs = only(name, 'fused.logits');
      expect(relativeError(fused, theirs.data)).toBeLessThan(1e-4);
    });

    const training = classes === 10 ? it : it.skip;
    training('takes a training step: loss, gradients, statistics', async () => {
      const weights = asOurs(read(name, 'init.'), graph);
      const input = only(name, 'input');
      const session = await device.load(withLoss(graph, { labelSmoothing: 0, targets: 'index' }), {
        ...{ kind: 'training', batchSize: batch, precision: 'float32', seed: 1, weights },
        updateRule: { name: 'none', slots: [], hyper: {}, assignments: [] },
      });
      const { loss } = await session.backward({
        ...{ images: batch, channels: 3, height: side, width: side, layout: 'NCHW' },
        ...{ data: input.data, labels: Int32Array.from({ length: batch }, (_, i) => i) },
        samples: new Int32Array(batch),
      });
      expect(relativeError([loss], only(name, 'loss').data)).toBeLessThan(1e-4);
      const gradients = asOurs(read(name, 'grad.'), graph);
      const largest = Math.max(...[...gradients.values()].map(({ data }) => Math.hypot(...data)));
      for (const bucket of session.gradients) {
        const values = await bucket.read();
        for (const { name: parameter, offset, length } of bucket.parameters) {
          const expected = gradients.get(parameter)!.data;
          const ours = values.subarray(offset, offset + length);
          const difference = Math.hypot(...expected.map((v, i) => v - ours[i]!));
          // Before a BN, gradients that cancel leave float32's noise.
          const error = difference / Math.max(Math.hypot(...expected), 1e-3 * largest);
          expect({ parameter, error, isClose: error < 1e-3 }).toMatchObject({ isClose: true });
        }
      }
      const state = await session.read();
      for (const [buffer, { data }] of read(name, 'after.')) {
        expect(relativeError(state.get(buffer)!.data, data)).toBeLessThan(1e-4);
      }
      await session.close();
    });
  });

  it('has the tensors of every variant, and counts after fusion, with what timm leaves unfused', () => {
    const variants = JSON.parse(readFileSync(path.join(folder, 'variants.json'), 'utf8')) as Record<
      string,
      {
        tensors: TimmTensors;
        fusedParameters: number;
        leftBatchNormChannels: number;
        leftLayerScales: number;
      }
    >;
    expect(familyVariants.map(({ name }) => name).sort()).toEqual(Object.keys(variants).sort());
    for (const { name, graph: graphOf } of familyVariants) {
      const graph = graphOf(224, 1000);
      const theirs = variants[name]!;
      const ours = tensorsOf(graph).map(({ name: key, shape }) => [key, [...shape]] as const);
      const expected = theirs.tensors.map(
        ([key, shape]) =>
          [oursOf(key), key.endsWith('.gamma') ? shape.slice(0, 1) : shape] as const,
      );
      expect(new Map(ours)).toEqual(new Map(expected));
      const { parameters, batchNorms } = count(fusedForm(graph));
      const folded = theirs.leftBatchNormChannels + theirs.leftLayerScales;
      expect({ name, parameters, batchNorms }).toEqual({
        name,
        parameters: theirs.fusedParameters - folded,
        batchNorms: 0,
      });
    }
  });
});
