import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { writeTfjsModel } from '@refold/formats';
import {
  evaluate,
  GraphBuilder,
  shapesOf,
  sizeOf,
  withLoss,
  type Graph,
  type NamedTensors,
} from '@refold/graph';
import { mobileoneGraph, mobileoneVariants } from '@refold/plugin-model-mobileone';
import { repvggGraph, repvggVariants } from '@refold/plugin-model-repvgg';
import { fuse } from '@refold/reparam';
import { kitBatch, kitWeights, opCases } from '@refold/testing';
import { checkTfjsModel, type TfjsProbe } from '@refold/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();
let count = 0;
const nextFolder = (): string => path.join(folder, `model-${count++}`);
const bare = { classes: [], preprocessing: null };

function probeOf(graph: Graph, weights: NamedTensors, images = 2): TfjsProbe {
  const sample = shapesOf(graph).get('input')!;
  const bytes = graph.nodes.some(({ op }) => op === 'normalize');
  const { data } = kitBatch(graph, { images, bytes });
  const input = { shape: [images, ...sample], data: Float32Array.from(data) };
  return { input, output: evaluate(graph, weights, input).get(graph.output)! };
}

/** Writes, loads with TensorFlow.js, compares with float64. */
async function errorOf(graph: Graph, weights: NamedTensors, backend?: string): Promise<number> {
  const dir = nextFolder();
  await writeTfjsModel(dir, { graph, weights, ...bare });
  const probes = [probeOf(graph, weights)];
  return (await checkTfjsModel(dir, probes, backend ? { backend } : {})).maxRelError;
}

describe.each(['wasm', 'cpu'])(
  'a TensorFlow.js model computes what the graph says, on %s',
  (backend) => {
    it.each(opCases.map(({ title, graph }) => [title, graph] as const))('%s', async (_, graph) => {
      expect(await errorOf(graph, kitWeights(graph), backend)).toBeLessThan(1e-5);
    });

    const own: [string, (b: GraphBuilder) => void][] = [
      [
        'a stride and a dilation',
        (b) =>
          b.conv2d('op', b.input, {
            outChannels: 4,
            kernel: 3,
            stride: 2,
            dilation: 2,
            padding: 2,
          }),
      ],
      [
        '"same" padding at stride 2 and an odd size',
        (b) => b.conv2d('op', b.input, { outChannels: 4, kernel: 3, stride: 2, padding: 1 }),
      ],
      ['a pool of single pixels', (b) => b.maxPool('op', b.input, { kernel: 1, stride: 2 })],
      [
        'an average of single pixels',
        (b) => b.avgPool('op', b.input, { kernel: 1, stride: [2, 1] }),
      ],
      [
        'a maximum at an odd stride',
        (b) => b.maxPool('op', b.input, { kernel: 3, stride: 3, padding: 1 }),
      ],
      [
        'an average whose padding does not count',
        (b) =>
          b.avgPool('op', b.input, {
            kernel: [4, 3],
            stride: 2,
            padding: [2, 1],
            countIncludePad: false,
          }),
      ],
      ['drop-out', (b) => b.node('dropout', 'op', [b.input], { rate: 0.5 })],
      [
        'bytes',
        (b) =>
          b.node('normalize', 'op', [b.input], { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] }),
      ],
      ['nothing', () => undefined],
      ['a flatten of a vector', (b) => b.flatten('op', b.flatten('first', b.input))],
    ];
    it.each(own)('%s', async (_title, add) => {
      const b = new GraphBuilder({ shape: [3, 9, 7], dtype: 'float32' });
      add(b);
      const last = b.build(b.input).nodes.at(-1)!.name;
      const graph = b.build({ name: last, shape: [] });
      expect(await errorOf(graph, kitWeights(graph), backend)).toBeLessThan(1e-5);
    });
  },
);

describe('networks', () => {
  const sample = { channels: 3, height: 32, width: 32 } as const;
  const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] };
  const repvgg = {
    ...repvggVariants['repvgg_a0']!,
    ...{ depths: [1, 2, 2, 1], widths: [8, 12, 16, 32], stem: 8 },
  };
  const mobileone = {
    ...mobileoneVariants['mobileone_s0']!,
    ...{ depths: [1, 2, 1, 1], widths: [8, 12, 16, 16], stem: 8, branches: 2 },
  };
  const context = { numClasses: 10, sample, normalization };
  const graphs: [string, Graph][] = [
    ['RepVGG', repvggGraph(repvgg, context)],
    ['RepVGG in groups', repvggGraph({ ...repvgg, groups: 4 }, context)],
    ['RepVGG with squeeze-excite', repvggGraph({ ...repvgg, squeezeExcite: true }, context)],
    ['MobileOne', mobileoneGraph(mobileone, context)],
    [
      'MobileOne with squeeze-excite',
      mobileoneGraph({ ...mobileone, squeezeExcite: [0, 1, 1, 1] }, context),
    ],
  ];
  it.each(graphs)('%s in train and in fused form', async (_name, graph) => {
    const weights = kitWeights(graph);
    expect(await errorOf(graph, weights)).toBeLessThan(1e-5);
    const fused = fuse(graph, weights);
    expect(await errorOf(fused.graph, fused.weights)).toBeLessThan(1e-5);
  });
});

describe('the folder', () => {
  const b = new GraphBuilder({ shape: [3, 8, 8], dtype: 'float32' });
  const flat = b.flatten('flat', b.conv2d('conv', b.input, { outChannels: 128, kernel: 1 }));
  const graph = b.build(b.linear('head', flat, { outFeatures: 150 }));
  const weights = kitWeights(graph);
  const model = { graph, weights, classes: ['ant', 'bee'], preprocessing: null, model: 'own' };

  it('has shards of at most 4 MiB, and a signature and metadata for pages', async () => {
    const dir = nextFolder();
    const bytes = await writeTfjsModel(dir, model);
    const files = readdirSync(dir).sort();
    expect(files).toEqual(['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
    const sizes = files.map((file) => statSync(path.join(dir, file)).size);
    expect(bytes).toBe(sizes.reduce((a, size) => a + size, 0));
    expect(sizes[0]).toBe(4 * 1024 * 1024);
    const document = JSON.parse(readFileSync(path.join(dir, 'model.json'), 'utf8'));
    expect(document).toMatchObject({
      format: 'graph-model',
      signature: {
        inputs: { input: { name: 'input:0', dtype: 'DT_FLOAT' } },
        outputs: { logits: { tensorShape: { dim: [{ size: '-1' }, { size: '150' }] } } },
      },
      userDefinedMetadata: {
        refold: { classes: ['ant', 'bee'], model: 'own', input: { values: 'normalised' } },
      },
    });
  });

  it('leaves out the loss', async () => {
    const dir = nextFolder();
    const trained = withLoss(graph, { labelSmoothing: 0, targets: 'index' });
    await writeTfjsModel(dir, { ...model, graph: trained });
    expect((await checkTfjsModel(dir, [probeOf(graph, weights)])).maxRelError).toBeLessThan(1e-5);
  });

  it('takes the place of an older model, and leaves nothing beside it', async () => {
    const parent = nextFolder();
    mkdirSync(parent);
    const dir = path.join(parent, 'web');
    await writeTfjsModel(dir, { ...model, classes: [] });
    await writeTfjsModel(dir, model);
    expect(readFileSync(path.join(dir, 'model.json'), 'utf8')).toContain('"bee"');
    expect(readdirSync(parent)).toEqual(['web']);
  });

  it('does not take the place of anything else', async () => {
    const dir = nextFolder();
    mkdirSync(dir);
    writeFileSync(path.join(dir, 'thesis.txt'), 'years');
    await expect(writeTfjsModel(dir, model)).rejects.toMatchObject({ code: 'RF-FILE-FOLDER' });
    expect(readdirSync(dir)).toEqual(['thesis.txt']);
    // A model is replaced, not what lies beside it.
    writeFileSync(path.join(dir, 'model.json'), '{}');
    await expect(writeTfjsModel(dir, model)).rejects.toMatchObject({ code: 'RF-FILE-FOLDER' });
    expect(readdirSync(dir)).toEqual(['model.json', 'thesis.txt']);
    const file = path.join(dir, 'thesis.txt');
    await expect(writeTfjsModel(file, model)).rejects.toMatchObject({ code: 'RF-FILE-FOLDER' });
    await expect(writeTfjsModel(path.join(dir, 'no', 'where'), model)).rejects.toMatchObject({
      code: 'RF-FILE-UNWRITABLE',
    });
    await expect(
      writeTfjsModel(nextFolder(), { ...model, weights: new Map() }),
    ).rejects.toMatchObject({ code: 'RF-FILE-WEIGHTS' });
  });

  it('keeps apart names that TensorFlow does not tell apart', async () => {
    const names = ['α', 'β', '__proto__', 'a:1', 'a_1', '^a', 'α/weight', '/weight'];
    const own = new GraphBuilder({ shape: [2, 3, 3], dtype: 'float32' });
    let x = own.input;
    for (const name of names) x = own.conv2d(name, x, { outChannels: 2, kernel: 1, bias: true });
    const odd = own.build(x);
    expect(await errorOf(odd, kitWeights(odd))).toBeLessThan(1e-5);
  });

  it('is said to be damaged when a shard is cut or missing', async () => {
    const dir = nextFolder();
    await writeTfjsModel(dir, model);
    const probes = [probeOf(graph, weights)];
    const shard = path.join(dir, 'group1-shard2of2.bin');
    writeFileSync(shard, readFileSync(shard).subarray(0, 1000));
    await expect(checkTfjsModel(dir, probes)).rejects.toMatchObject({ code: 'RF-TFJS-MODEL' });
    await expect(checkTfjsModel(folder, probes)).rejects.toMatchObject({ code: 'RF-TFJS-MODEL' });
  });

  it('is seen to compute something else when its weights are changed', async () => {
    const dir = nextFolder();
    await writeTfjsModel(dir, model);
    const shard = path.join(dir, 'group1-shard1of2.bin');
    const bytes = readFileSync(shard);
    bytes.fill(0, 0, sizeOf([128, 3]) * 4);
    writeFileSync(shard, bytes);
    const { maxRelError } = await checkTfjsModel(dir, [probeOf(graph, weights)]);
    expect(maxRelError).toBeGreaterThan(0.1);
  });
});
