import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { GraphBuilder, type HostTensor } from '@refold/graph';
import { checkGate, fuse, prove, type FusionResult } from '@refold/reparam';
import { readFloatTensors, relativeError, sharedFolder } from '@refold/testing';

const shared = sharedFolder();
const folder = path.join(shared ?? '', 'data', 'qarepvgg_stage0');
const inShared = shared ? describe : describe.skip;

/** QARepVGG's block (Chu et al. 2022, figure 1): the 1×1 has no BN of its own, the sum has one. */
function stage0() {
  const b = new GraphBuilder({ shape: [3, 64, 64], dtype: 'float32' });
  const options = { outChannels: 48, stride: 2 };
  const wide = { ...options, kernel: 3, padding: 1 };
  const dense = b.batchNorm(
    'stage0.rbr_dense.bn',
    b.conv2d('stage0.rbr_dense.conv', b.input, wide),
  );
  const point = b.conv2d('stage0.rbr_1x1', b.input, { ...options, kernel: 1 });
  const bn = b.batchNorm('stage0.bn', b.add('stage0.sum', [dense, point]));
  return b.build(b.activation('relu', 'stage0.act', bn));
}

inShared('a trained QARepVGG block (skipped where shared/ is missing)', () => {
  const graph = stage0();
  let weights: Map<string, HostTensor>;
  let author: Map<string, HostTensor>;
  let fusion: FusionResult;
  beforeAll(() => {
    weights = readFloatTensors(path.join(folder, 'stage0_train.safetensors'), '');
    author = readFloatTensors(path.join(folder, 'stage0_deploy.safetensors'), 'stage0.rbr_reparam');
    fusion = fuse(graph, weights);
  });

  it('becomes one convolution', () => {
    expect(fusion.graph.nodes.map(({ op }) => op)).toEqual(['input', 'conv2d', 'relu']);
    expect(fusion.report).toMatchObject({ left: [], notes: [] });
  });

  it.each([
    ['weight', [48, 3, 3, 3]],
    ['bias', [48]],
  ])("has the author's %s within 1e-6", (part, shape) => {
    const ours = fusion.weights.get(`stage0.reparam_conv.${part}`)!;
    const theirs = author.get(`.${part}`)!;
    expect([ours.shape, theirs.shape]).toEqual([shape, shape]);
    const worst = ours.data.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - theirs.data[i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
    expect(relativeError(ours.data, theirs.data)).toBeLessThan(1e-6);
  });

  it('passes the gate', async () => {
    const proof = await prove({ graph, weights }, fusion);
    expect(proof.regions).toHaveLength(1);
    expect(() => checkGate(proof)).not.toThrow();
  });
});
