import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HostTensor } from '@refold/graph';
import { fuse, type FusionResult } from '../fuse.js';
import { convNorm, graphOf } from '../spec-kit/graph-of.js';
import { randomWeights } from '../spec-kit/random-weights.js';
import { checkGate } from './check-gate.js';
import { prove } from './prove.js';

/** Two blocks and a classifier of three classes. */
const graph = graphOf((b, x) => {
  for (const name of ['blocks.0', 'blocks.1']) {
    const wide = convNorm(b, `${name}.wide`, x, { outChannels: 4, kernel: 3, padding: 1 });
    const sum = b.add(`${name}.sum`, [wide, b.batchNorm(`${name}.identity`, x)]);
    x = b.activation('relu', `${name}.act`, sum);
  }
  const pooled = b.flatten('flatten', b.globalAvgPool('pool', x));
  return b.linear('fc', pooled, { outFeatures: 3 });
});
const [first, second] = ['blocks.0.reparam_conv', 'blocks.1.reparam_conv'];

const original = { graph, weights: randomWeights(graph, 1) };
let fusion: FusionResult;
beforeEach(() => {
  fusion = fuse(graph, original.weights);
});

/** The fusion with one number of one fused tensor changed. */
function changed(name: string, index: number, change: (value: number) => number): FusionResult {
  const { shape, data } = fusion.weights.get(name)!;
  const copy = data.slice();
  copy[index] = change(copy[index]!);
  const tensor: HostTensor = { shape, data: copy };
  return { ...fusion, weights: new Map(fusion.weights).set(name, tensor) };
}

describe('prove', () => {
  it('measures errors of rounding for a right fusion, but not none', async () => {
    const proof = await prove(original, fusion);
    expect(proof.regions.map(({ name }) => name)).toEqual([first, second]);
    for (const { maxAbsError, maxRelError } of [...proof.regions, proof.network]) {
      expect(maxRelError).toBeGreaterThan(1e-12);
      expect(maxRelError).toBeLessThan(1e-6);
      expect(maxAbsError).toBeGreaterThan(0);
    }
    expect(proof.network).toMatchObject({ top1Agreement: 1, samples: 2 });
    expect(proof).toMatchObject({ left: [], notes: [], macs: fusion.report.macs });
    expect(() => checkGate(proof)).not.toThrow();
  });

  it('repeats with its seed, and draws other images with another', async () => {
    const one = await prove(original, fusion, { seed: 1, probes: 3 });
    expect(await prove(original, fusion, { seed: 1, probes: 3 })).toEqual(one);
    expect(one.network.samples).toBe(3);
    const other = await prove(original, fusion, { seed: 2, probes: 3 });
    expect(other.regions[0]).not.toEqual(one.regions[0]);
  });

  it.each([
    ['a kernel corner', '.weight', 0],
    ['the last tap of the last channel', '.weight', 4 * 4 * 9 - 1],
    ['a bias', '.bias', 3],
  ])('finds %s that is off by a thousandth, in its region and no other', async (_, part, index) => {
    const wrong = changed(second + part, index, (value) => value + 1e-3);
    const proof = await prove(original, wrong);
    const [right, off] = proof.regions;
    expect(off!.maxRelError).toBeGreaterThan(1e-5);
    expect(off!.maxAbsError).toBeGreaterThan(5e-4);
    expect(right!.maxRelError).toBeLessThan(1e-6);
    expect(() => checkGate(proof)).toThrow(
      expect.objectContaining({ code: 'RF-FUSE-TOLERANCE', exitCode: 3 }),
    );
  });

  it('reports NaN for a fused weight that is NaN, however many right values follow', async () => {
    const proof = await prove(
      original,
      changed(`${first}.bias`, 0, () => NaN),
    );
    expect(proof.regions[0]).toMatchObject({ maxAbsError: NaN, maxRelError: NaN });
    expect(proof.regions[1]!.maxRelError).toBeLessThan(1e-6);
    expect(() => checkGate(proof)).toThrow(expect.objectContaining({ exitCode: 3 }));
  });

  it('sees a border that is padded with the wrong constant', async () => {
    // BN, then a padded convolution: folding the BN's shift into the bias is right inside and wrong at the border.
    const border = graphOf((b, x) =>
      b.conv2d('conv', b.batchNorm('bn', x), { outChannels: 4, kernel: 3, padding: 1 }),
    );
    const without = new Map(randomWeights(border, 2));
    without.set('bn.bias', { shape: [4], data: new Float32Array(4) });
    without.set('bn.running_mean', { shape: [4], data: new Float32Array(4) });
    const folded = fuse(border, without);
    expect(folded.report.regions).toHaveLength(1);

    const shifted = new Map(without).set('bn.bias', {
      shape: [4],
      data: new Float32Array(4).fill(0.5),
    });
    const proof = await prove({ graph: border, weights: shifted }, folded);
    expect(proof.regions[0]!.maxRelError).toBeGreaterThan(1e-2);
  });
});
