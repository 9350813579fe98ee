import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, evaluate, tensorsOf } from '@refold/graph';
import { readFloatTensors, relativeError, sharedFolder } from '@refold/testing';
import { mobileoneGraph } from './mobileone-graph.js';
import { mobileoneVariants, type MobileoneSpec } from './mobileone-spec.js';
import { appleWeightName } from './weight-names.js';

const shared = sharedFolder();
const graphOf = (spec: MobileoneSpec, side: number, numClasses = 1000) =>
  mobileoneGraph(spec, { numClasses, sample: { channels: 3, height: side, width: side } });

/** The network of the parity fixture. */
const tiny: MobileoneSpec = {
  depths: [1, 2, 2, 1],
  widths: [16, 32, 64, 64],
  stem: 16,
  branches: 4,
  squeezeExcite: [],
  dropRate: 0,
};

describe('mobileoneGraph', () => {
  it('gives the stem one convolution branch and the other blocks n', () => {
    const names = tensorsOf(graphOf(mobileoneVariants['mobileone_s0']!, 224)).map((t) => t.name);
    const branches = (block: string) =>
      names.filter((name) => name.startsWith(`${block}.conv_kxk`) && name.endsWith('conv.weight'));
    expect(branches('stem')).toHaveLength(1);
    expect(branches('stages.0.0')).toHaveLength(4);
  });

  const inShared = shared ? describe : describe.skip;
  inShared('against shared/ (skipped where that folder is missing)', () => {
    it('counts as every MobileOne of model-facts.json', () => {
      const text = readFileSync(path.join(shared!, 'facts', 'model-facts.json'), 'utf8');
      const facts = JSON.parse(text) as Record<string, Record<string, number>>;
      const rows = Object.entries(facts).filter(([name]) => name.startsWith('mobileone'));
      expect(rows).toHaveLength(5);
      for (const [name, row] of rows) {
        const counts = count(graphOf(mobileoneVariants[name]!, row['resolution']!));
        expect({ name, ...counts }).toMatchObject({
          name,
          parameters: row['train_params'],
          buffers: row['train_bn_buffers'],
          // PyTorch keeps a num_batches_tracked per BN.
          tensors: row['train_tensors']! - counts.batchNorms,
          macs: row['train_macs'],
        });
      }
    });

    describe('with mobileone-tiny', () => {
      const read = (prefix: string) =>
        readFloatTensors(path.join(shared!, 'parity', 'mobileone-tiny.safetensors'), prefix);

      it('has the names and shapes of timm', () => {
        const shapes = (list: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
          new Map(Array.from(list, ([key, { shape }]) => [key, [...shape]]));
        const ours = tensorsOf(graphOf(tiny, 64, 10)).map((spec) => [spec.name, spec] as const);
        expect(shapes(ours)).toEqual(shapes(read('init.')));
      });

      it('computes the logits of timm within 1e-5 relative', () => {
        const graph = graphOf(tiny, 64, 10);
        const [input, logits] = [read('input.0').get('')!, read('eval.logits').get('')!];
        const ours = evaluate(graph, read('init.'), input).get(graph.output)!;
        expect(relativeError(ours.data, logits.data)).toBeLessThan(1e-5);
      });
    });
  });
});

describe('appleWeightName', () => {
  const inShared = shared ? it : it.skip;
  inShared('maps every name of the real fused weights as shared/ says', () => {
    const text = readFileSync(path.join(shared!, 'data', 'mobileone_s0', 'names.json'), 'utf8');
    const { apple_to_timm } = JSON.parse(text) as { apple_to_timm: Record<string, string> };
    const names = Object.entries(apple_to_timm);
    expect(names.length).toBeGreaterThan(80);
    for (const [apple, timm] of names) expect(appleWeightName(apple)).toBe(timm);
  });

  it.each([
    ['stage1.0.rbr_conv.2.bn.weight', 'stages.0.0.conv_kxk.2.bn.weight'],
    ['stage0.rbr_scale.conv.weight', 'stem.conv_scale.conv.weight'],
    ['stage3.1.rbr_skip.bias', 'stages.2.1.identity.bias'],
    ['stage3.15.se.reduce.weight', 'stages.2.15.attn.fc1.weight'],
    ['gap.weight', undefined],
  ])('maps %s', (name, ours) => expect(appleWeightName(name)).toBe(ours));
});
