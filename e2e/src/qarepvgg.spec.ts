import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { initialise, type Graph, type HostTensor, type NamedTensors } from '@refold/graph';
import {
  repvggGraph,
  repvggVariants,
  repvggWeightNames,
  type RepvggSpec,
} from '@refold/plugin-model-repvgg';
import { checkGate, fuse, prove, type FusionResult } from '@refold/reparam';
import { readFloatTensors, relativeError, sharedFolder } from '@refold/testing';

const shared = sharedFolder();
const folder = path.join(shared ?? '', 'data', 'qarepvgg_stage0');
const inShared = shared ? describe : describe.skip;

/** Published width multiplier 0.75; no stages, since the weights are of the stem alone. */
const stem: RepvggSpec = { ...repvggVariants['repvgg_a0']!, depths: [], block: 'qarepvgg' };

/** The author's tensors by our names, with a head that they lack. */
function withHead(graph: Graph, tensors: ReadonlyMap<string, HostTensor>): NamedTensors {
  const ours = new Map(initialise(graph, 1));
  for (const [name, tensor] of tensors) ours.set(repvggWeightNames.official(name)!, tensor);
  return ours;
}

inShared('a trained QARepVGG block (skipped where shared/ is missing)', () => {
  const sample = { channels: 3, height: 64, width: 64 };
  const graph = repvggGraph(stem, { numClasses: 2, sample });
  let weights: NamedTensors;
  let author: NamedTensors;
  let fusion: FusionResult;
  beforeAll(() => {
    const read = (form: string) =>
      withHead(graph, readFloatTensors(path.join(folder, `stage0_${form}.safetensors`), ''));
    weights = read('train');
    author = read('deploy');
    fusion = fuse(graph, weights);
  });

  it('becomes one convolution', () => {
    const block = fusion.graph.nodes.filter(({ name }) => name.startsWith('stem.'));
    expect(block.map(({ op }) => op)).toEqual(['conv2d', 'relu']);
    expect(fusion.report).toMatchObject({ left: [], notes: [] });
  });

  it.each([
    ['weight', [48, 3, 3, 3]],
    ['bias', [48]],
  ])("has the author's %s within 1e-6", (part, shape) => {
    const [ours, theirs] = [fusion.weights, author].map((tensors) =>
      tensors.get(`stem.reparam_conv.${part}`)!,
    ) as [HostTensor, HostTensor];
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
