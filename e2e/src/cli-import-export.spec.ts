import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  openWeights,
  readAll,
  readModelFile,
  sourcesOf,
  weightsWriters,
  writeModelFile,
  type StoredTensor,
} from '@refold/formats';
import { initialise, tensorsOf, type NamedTensors } from '@refold/graph';
import {
  repvggForeignNames,
  repvggGraph,
  repvggVariants,
  type RepvggSpec,
} from '@refold/plugin-model-repvgg';
import { sharedFolder } from '@refold/testing';
import { writeImageFolder } from './spec-kit/image-folder.js';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const inside = (name: string): string => path.join(folder, name);
const context = { numClasses: 7, sample: { channels: 3, height: 32, width: 32 } };
const tiny: RepvggSpec = {
  ...repvggVariants['repvgg_a0']!,
  ...{ depths: [1, 2], widths: [8, 12], stem: 8 },
};
const graph = repvggGraph(tiny, context);
const named: NamedTensors = new Map(initialise(graph, 5));
/** A network of no published widths has to be named. */
const asTiny = ['--model', 'repvgg', '--model.depths', '[1,2]', '--model.widths', '[8,12]'];
const images = ['--resolution', '32'];

const whole = ['foreign.pth', ...asTiny, ...images];

interface Imported {
  readonly [key: string]: unknown;
  readonly numClasses: number;
}

async function documentOf(...args: readonly string[]): Promise<Imported> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Imported;
}

async function failureOf(
  ...args: readonly string[]
): Promise<{ code: number | null; stderr: string }> {
  const { code, stderr } = await runCli(args, folder);
  expect(stderr).not.toMatch(/^ {4}at /m);
  return { code, stderr };
}

/** A file as another library writes it: foreign names, under a prefix, with what a training leaves there. */
async function foreignFile(name: string): Promise<string> {
  const rename = repvggForeignNames(tiny)['official']!;
  const tensors = new Map<string, StoredTensor>(
    tensorsOf(graph).map(({ name: own, shape }) => {
      const { data } = named.get(own)!;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return [`state_dict.module.${rename(own)}`, { dtype: 'F32', shape, data: bytes }];
    }),
  );
  tensors.set('epoch', { dtype: 'I64', shape: [], data: new Uint8Array(8) });
  await weightsWriters.pytorch(inside(name), sourcesOf(tensors));
  return name;
}

beforeAll(async () => {
  await foreignFile('foreign.pth');
  await writeModelFile(inside('tiny.safetensors'), {
    ...{ kind: 'model', form: 'train', model: 'repvgg', graph, weights: named },
    ...{ classes: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], config: null, position: null, best: null },
    preprocessing: { resize: 36, crop: 32, interpolation: 'bilinear', channels: 3 },
  });
});

describe('refold import', () => {
  it('says what a file is, and writes nothing', async () => {
    expect(await documentOf('import', 'foreign.pth', ...asTiny, ...images)).toEqual({
      ...{ input: inside('foreign.pth'), output: null, format: 'pytorch' },
      ...{ family: '@refold/plugin-model-repvgg', model: 'repvgg', form: 'train', numClasses: 7 },
      ...{ scheme: 'official', prefix: 'state_dict.module', tensors: tensorsOf(graph).length },
      ...{ missing: [], unexpected: [], ignored: ['epoch'], reinitialised: [], notes: [] },
    });
  });

  it('makes a network of it that validate, fuse and predict take', async () => {
    writeFileSync(inside('names.txt'), 'a\nb\nc\nd\ne\nf\ng\n');
    const flags = [...asTiny, ...images, '--classes', 'names.txt', '-o', 'taken.safetensors'];
    expect(await documentOf('import', 'foreign.pth', ...flags)).toMatchObject({
      output: inside('taken.safetensors'),
    });
    const taken = await readModelFile(inside('taken.safetensors'));
    expect(taken.classes).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(taken.preprocessing).toMatchObject({ crop: 32, resize: 36 });
    for (const [name, { data }] of taken.weights) expect(data).toEqual(named.get(name)!.data);
    expect(taken.graph.nodes[1]).toMatchObject({ op: 'normalize' });
    expect(await documentOf('fuse', 'taken.safetensors')).toMatchObject({ left: [] });
  });

  it('makes a fresh classifier on request', async () => {
    const flags = [...asTiny, ...images, '--num-classes', '3'];
    expect(await documentOf('import', 'foreign.pth', ...flags)).toMatchObject({
      ...{ numClasses: 3, reinitialised: ['head.fc.weight', 'head.fc.bias'] },
    });
  });

  it.each([
    ['weights of a network that nobody knows', ['foreign.pth'], 1, 'RF-IMPORT-UNKNOWN'],
    ['a model that no plugin has', ['foreign.pth', '--model', 'vgg'], 1, 'RF-IMPORT-MODEL'],
    ['an odd size', ['foreign.pth', '--resolution', 'big'], 1, 'RF-IMPORT-SETTING'],
    ['no file', [], 2, 'RF-USAGE-FILE'],
    ['a file that is not there', ['none.pth'], 1, 'RF-FILE-UNREADABLE'],
    ['text', ['names.json'], 1, 'RF-FILE-UNKNOWN'],
    ['its own input as output', ['tiny.safetensors', '-o', 'tiny.safetensors'], 1, 'SAME-FILE'],
    ['a list of classes that is not there', [...whole, '--classes', 'none.txt'], 1, 'CLASSES'],
    ['too few class names', [...whole, '--classes', 'few.txt'], 1, 'RF-IMPORT-CLASSES'],
    ['class names that are none', [...whole, '--classes', 'objects.json'], 1, 'IMPORT-CLASSES'],
    ['a prefix that is not there', [...whole, '--prefix', 'ema'], 1, 'RF-IMPORT-PREFIX'],
    ['other classes of a whole network', ['tiny.safetensors', '--num-classes', '3'], 2, 'VALUE'],
  ])('refuses %s', async (_, args, code, expected) => {
    writeFileSync(inside('names.json'), 'plain text');
    writeFileSync(inside('few.txt'), 'a\nb\n');
    writeFileSync(inside('objects.json'), '[{"index":0,"name":"tench"}]');
    const failure = await failureOf('import', ...args);
    expect(failure.code).toBe(code);
    expect(failure.stderr).toContain(expected);
  });
});

describe('refold export', () => {
  it.each([
    ['pytorch', 'out.pth', ['--scheme', 'official'], 'official'],
    ['mindspore', 'out.ckpt', ['--scheme', 'mindcv'], 'mindcv'],
    ['numpy', 'out.npz', ['--scheme', 'mmpretrain'], 'mmpretrain'],
    ['safetensors', 'plain.safetensors', ['--to', 'safetensors'], 'timm'],
    ['mindspore', 'any.ckpt', [], 'mindspore'],
  ])('to %s (%s %j), which comes back the same', async (format, file, flags, scheme) => {
    const args = ['export', 'tiny.safetensors', '-o', file, ...flags, ...asTiny];
    expect(await documentOf(...args)).toEqual({
      ...{ input: inside('tiny.safetensors'), output: inside(file), format },
      ...{ maxAbsError: 0, maxRelError: 0, bytes: readFileSync(inside(file)).length, notes: [] },
    });
    const back = ['import', file, ...asTiny, ...images, '-o', `back-${file}.safetensors`];
    expect(await documentOf(...back)).toMatchObject({ scheme, missing: [], unexpected: [] });
    const { weights } = await readModelFile(inside(`back-${file}.safetensors`));
    for (const [name, { data }] of weights) expect(data).toEqual(named.get(name)!.data);
  });

  it.each(['train', 'fused'])('to ONNX and TensorFlow.js in %s form, run there', async (form) => {
    for (const [format, file] of [
      ['onnx', `${form}.onnx`],
      ['tfjs', `${form}-web`],
    ] as const) {
      const flags = ['--to', format, '-o', file, '--form', form];
      const document = await documentOf('export', 'tiny.safetensors', ...flags);
      expect(document).toMatchObject({ format });
      expect(document['maxRelError']).toBeLessThan(1e-5);
      expect(document['maxRelError']).toBeGreaterThan(0);
    }
    expect(existsSync(inside(`${form}-web/model.json`))).toBe(true);
    // What was written as ONNX is a network again, with classes and preprocessing.
    expect(await documentOf('import', `${form}.onnx`, '-o', 'x.safetensors')).toMatchObject({
      ...{ form, numClasses: 7, scheme: 'onnx' },
    });
    expect((await readModelFile(inside('x.safetensors'))).classes).toHaveLength(7);
  });

  it('writes nothing that differs over the tolerance, and says so by exit code 3', async () => {
    for (const to of ['onnx', 'tfjs']) {
      const flags = ['--to', to, '-o', `strict-${to}`, '--tolerance', '1e-12'];
      const failure = await failureOf('export', 'tiny.safetensors', ...flags);
      expect(failure.code).toBe(3);
      expect(failure.stderr).toContain('RF-EXPORT-TOLERANCE');
      expect(existsSync(inside(`strict-${to}`))).toBe(false);
    }
  });

  it('takes the weights of another library, too, and fuse writes what the ending says', async () => {
    const flags = [...asTiny, ...images, '-o', 'plain.onnx'];
    const document = await documentOf('fuse', 'foreign.pth', ...flags);
    expect(document).toMatchObject({ left: [], written: { format: 'onnx' } });
    expect(await documentOf('import', 'plain.onnx')).toMatchObject({ form: 'fused' });
  });

  it.each([
    ['names nobody knows', ['--to', 'pytorch', '--scheme', 'keras'], 1, 'RF-EXPORT-SCHEME'],
    ['an unknown format', ['--to', 'caffe'], 2, 'RF-USAGE-FLAG-VALUE'],
    ['no format', [], 2, 'RF-USAGE-FORMAT'],
    ['names where the network has its own', ['--to', 'onnx', '--scheme', 'timm'], 2, 'VALUE'],
    ['a folder as a file', ['--to', 'onnx', '-o', '.'], 1, 'RF-CLI-UNWRITABLE'],
    ['an ending that says nothing', ['-o', 'out.bin'], 2, 'RF-USAGE-FORMAT'],
    ['a folder that is not there', ['-o', 'none/out.pth'], 1, 'RF-FILE-UNWRITABLE'],
  ])('refuses %s', async (_, flags, code, expected) => {
    const failure = await failureOf('export', 'tiny.safetensors', ...flags);
    expect(failure.code).toBe(code);
    expect(failure.stderr).toContain(expected);
  });
});

describe('networks of other libraries', () => {
  it('are validated on image folders, prepared as they want it, and predict', async () => {
    const options = { classes: ['a', 'b'], perClass: 2 };
    const data = await writeImageFolder(inside('photos'), options);
    const flags = ['--data-dir', data, ...asTiny, '--num-classes', '2', ...images];
    expect(await documentOf('validate', 'foreign.pth', '--quiet', ...flags)).toMatchObject({
      images: 4,
    });
    const file = path.join(data, 'val', 'a', '0.jpg');
    const { code } = await runCli(['predict', 'foreign.pth', file, ...asTiny, ...images], folder);
    expect(code).toBe(0);
  });

  it('are no start for a training of another network, nor fused', async () => {
    const config = writeTinyConfig(folder);
    const train = ['train', '-c', config, '--max-steps', '1', '--output-dir', 'never'];
    await documentOf('export', 'tiny.safetensors', '-o', 'flat.pth', '--form', 'fused');
    await documentOf('fuse', 'tiny.safetensors', '-o', 'flat.safetensors');
    for (const file of ['flat.pth', 'flat.safetensors']) {
      const failure = await failureOf(...train, '--weights', inside(file));
      expect(failure.code).toBe(1);
      expect(failure.stderr).toContain('RF-IMPORT-OTHER-NETWORK');
      expect(failure.stderr).toContain('fused');
    }
  });

  it('do not become something else than the ending says', async () => {
    await documentOf('export', 'tiny.safetensors', '-o', 'again.onnx', '--form', 'fused');
    for (const [args, expected] of [
      [['again.onnx', '-o', 'x.safetensors'], 'ends in .onnx'],
      [['tiny.safetensors', '-o', 'x.bin'], 'RF-USAGE-FORMAT'],
    ] as const) {
      const failure = await failureOf('fuse', ...args);
      expect(failure.code).toBe(2);
      expect(failure.stderr).toContain(expected);
    }
  });
});

const shared = sharedFolder();
const real = shared === null ? it.skip : it;

real("reads every real MindSpore file, writes it back, and keeps every tensor's bits", async () => {
  mkdirSync(inside('ckpt'));
  for (const name of ['lenet5_Sw1ing', 'lenet_XuMian', 'mindcv_network_2']) {
    const before = await openWeights(path.join(shared!, 'data', 'mindspore-ckpt', `${name}.ckpt`));
    const tensors = await readAll(before.tensors);
    await weightsWriters.mindspore(inside(`ckpt/${name}.ckpt`), before.tensors);
    await before.close();
    const after = await openWeights(inside(`ckpt/${name}.ckpt`));
    const again = await readAll(after.tensors);
    await after.close();
    expect([...again.keys()]).toEqual([...tensors.keys()]);
    for (const [key, { dtype, data }] of tensors) {
      expect(again.get(key)!.dtype).toBe(dtype);
      expect(Buffer.compare(again.get(key)!.data, data)).toBe(0);
    }
  }
});

describe("RepVGG-A0 in MindCV's names", () => {
  let names: readonly string[];
  beforeAll(async () => {
    const a0 = repvggGraph(repvggVariants['repvgg_a0']!, { ...context, numClasses: 1000 });
    await writeModelFile(inside('a0.safetensors'), {
      ...{ kind: 'model', form: 'train', model: 'repvgg_a0', graph: a0 },
      ...{ weights: initialise(a0, 1), classes: [], preprocessing: null },
      ...{ config: null, position: null, best: null },
    });
    await documentOf('export', 'a0.safetensors', '-o', 'a0.ckpt', '--scheme', 'mindcv');
    const file = await openWeights(inside('a0.ckpt'));
    names = [...file.tensors.keys()];
    await file.close();
  });

  // facts/repvgg.md §4 and §2: 22 blocks of two convolutions and BNs, 17 of them with an identity, and the classifier.
  it('has 290 tensors, called as MindCV calls them', () => {
    expect(names).toHaveLength(290);
    const bn = '(gamma|beta|moving_mean|moving_variance)';
    const branch = `(rbr_(dense|1x1)\\.(0\\.weight|1\\.${bn})|rbr_identity\\.${bn})`;
    const known = new RegExp(`^(stage0|stage[1-4]\\.\\d+)\\.${branch}$|^linear\\.(weight|bias)$`);
    expect(names.filter((name) => !known.test(name))).toEqual([]);
    expect(names.filter((name) => name.includes('identity'))).toHaveLength(17 * 4);
    expect(names).toContain('stage0.rbr_dense.0.weight');
    expect(names).toContain('stage3.13.rbr_identity.moving_variance');
  });

  const mindspore = process.env['REFOLD_MINDSPORE_PYTHON'];
  const judged = mindspore === undefined ? it.skip : it;
  judged('loads in MindSpore (skipped without REFOLD_MINDSPORE_PYTHON)', () => {
    const program = [
      'import json, sys, mindspore',
      'loaded = mindspore.load_checkpoint(sys.argv[1])',
      'print(json.dumps({name: list(p.shape) for name, p in loaded.items()}))',
    ].join('\n');
    const { stdout } = spawnSync(mindspore!, ['-c', program, inside('a0.ckpt')], {
      encoding: 'utf8',
    });
    const loaded = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number[]>;
    expect(Object.keys(loaded)).toEqual(names);
    expect(loaded['stage4.0.rbr_dense.0.weight']).toEqual([1280, 192, 3, 3]);
  });
});
