import { beforeAll, describe, expect, it } from '@jest/globals';
import { loadPlugins } from '@refold/core';
import type { Dtype, TensorSource, WeightsFile } from '@refold/formats';
import { sizeOf, tensorsOf } from '@refold/graph';
import { formOfModel } from './candidate-forms.js';
import { importWeights, type ImportOptions } from './import-weights.js';
import { IMAGENET, modelCandidates, type ModelCandidate } from './model-candidates.js';
import { recognise } from './recognise.js';

const sample = { channels: 3, height: 64, width: 64 } as const;
const options: ImportOptions = {
  classes: [],
  preprocessing: { resize: 72, crop: 64, interpolation: 'bilinear', channels: 3 },
  normalization: IMAGENET,
  numClasses: null,
};

let candidates: readonly ModelCandidate[];
beforeAll(async () => {
  candidates = await candidatesOf('model-repvgg', 'model-mobileone');
});

const candidatesOf = async (...names: string[]) =>
  modelCandidates(await loadPlugins(names, { from: [import.meta.dirname] }));

type Shapes = Map<string, readonly number[]>;

/** Names and shapes of a published variant. */
function shapesOf(name: string, form: 'train' | 'fused' = 'train', numClasses = 1000): Shapes {
  const candidate = candidates.find(({ model }) => model.name === name)!;
  const graph = formOfModel(candidate, form, { numClasses, sample });
  return new Map(tensorsOf(graph).map((spec) => [spec.name, spec.shape]));
}

/** A file of these tensors, each filled with the number of its place. */
function fileOf(shapes: Shapes, dtype: Dtype = 'F32'): WeightsFile {
  const tensors = new Map<string, TensorSource>();
  for (const [name, shape] of shapes) {
    const value = Float32Array.of(tensors.size);
    const read = () => Promise.resolve(new Uint8Array(Buffer.from(value.buffer)));
    const filled = async () => {
      const one = await read();
      return Uint8Array.from({ length: 4 * sizeOf(shape) }, (_, i) => one[i % 4]!);
    };
    tensors.set(name, { dtype, shape, read: filled });
  }
  return {
    ...{ format: 'safetensors', tensors, metadata: {}, notes: [] },
    close: () => Promise.resolve(),
  };
}

function renamed(shapes: Shapes, rename: (name: string) => string): Shapes {
  return new Map([...shapes].map(([name, shape]) => [rename(name), shape]));
}

const found = (shapes: Shapes, prefix?: string) => {
  const match = recognise('x', fileOf(shapes), candidates, {
    sample,
    ...(prefix !== undefined && { prefix }),
  });
  const { of, reading, numClasses, missing, misshapen, unexpected, ignored } = match;
  return {
    ...{ model: of.candidate.model.name, form: of.form, scheme: reading.scheme },
    ...{ prefix: reading.prefix, numClasses, missing, misshapen, unexpected, ignored },
  };
};

describe('recognise', () => {
  it('tells every published variant in both forms, by its tensors alone', () => {
    const wrong: string[] = [];
    const models = new Map(candidates.map(({ model }) => [model.name, model]));
    for (const model of models.values()) {
      for (const form of ['train', 'fused'] as const) {
        const match = found(shapesOf(model.name, form, 7));
        const whole = match.missing.length + match.misshapen.length + match.unexpected.length === 0;
        const same = match.model === model.name && match.form === form && match.numClasses === 7;
        if (!whole || !same) wrong.push(`${model.name} ${form}: ${JSON.stringify(match)}`);
      }
    }
    expect(models.size).toBeGreaterThan(18);
    expect(wrong).toEqual([]);
  });

  it.each(['module.', 'backbone.', 'state_dict.module.', 'model._orig_mod.net.encoder.'])(
    'finds the prefix %s',
    (prefix) => {
      const match = found(renamed(shapesOf('repvgg_a1'), (name) => prefix + name));
      expect(match).toMatchObject({ model: 'repvgg_a1', prefix, missing: [], unexpected: [] });
    },
  );

  it('finds the names of the authors', () => {
    const official = renamed(shapesOf('repvgg_b1g4'), (name) =>
      name
        .replace(/^head\.fc/, 'linear')
        .replace(/^stem\./, 'stage0.')
        .replace(/^stages\.(\d)\./, (_, stage: string) => `stage${Number(stage) + 1}.`)
        .replace('conv_kxk', 'rbr_dense')
        .replace('conv_1x1', 'rbr_1x1')
        .replace('identity', 'rbr_identity'),
    );
    expect(found(official)).toMatchObject({
      ...{ model: 'repvgg_b1g4', scheme: 'official', missing: [], unexpected: [] },
    });
  });

  it('leaves counters, optimizer state and other copies aside, and takes averages before weights', () => {
    const own = shapesOf('mobileone_s1');
    const parameters = new Map([...own].filter(([name]) => !name.includes('running')));
    const checkpoint: Shapes = new Map([
      ...renamed(own, (name) => `state_dict.${name}`),
      ...renamed(own, (name) => `state_dict_ema.${name}`),
      ...renamed(parameters, (name) => `optimizer.exp_avg.${name}`),
      ['state_dict_ema.stem.conv_scale.bn.num_batches_tracked', []],
      ['epoch', []],
    ]);
    const match = found(checkpoint);
    expect(match).toMatchObject({
      ...{ model: 'mobileone_s1', prefix: 'state_dict_ema.', missing: [], unexpected: [] },
    });
    expect(match.ignored).toHaveLength(own.size + parameters.size + 2);
    expect(found(checkpoint, 'state_dict')).toMatchObject({ prefix: 'state_dict.' });
  });

  it('takes MindSpore weights before the moments that go by their names', () => {
    const own = shapesOf('repvgg_a0');
    const parameters = new Map([...own].filter(([name]) => !name.includes('running')));
    const match = found(new Map([...renamed(parameters, (name) => `moments.${name}`), ...own]));
    expect(match).toMatchObject({ prefix: '', missing: [], unexpected: [] });
    expect(match.ignored).toHaveLength(parameters.size);
  });

  it('lists what is missing, misshapen and unexpected', () => {
    const shapes = shapesOf('repvgg_a0');
    shapes.delete('stages.1.0.conv_1x1.bn.weight');
    shapes.set('stem.conv_kxk.conv.weight', [48, 4, 3, 3]);
    shapes.set('aux.fc.weight', [10, 96]);
    expect(found(shapes)).toMatchObject({
      model: 'repvgg_a0',
      missing: ['stages.1.0.conv_1x1.bn.weight'],
      misshapen: ['stem.conv_kxk.conv.weight: expected [48, 3, 3, 3], received [48, 4, 3, 3]'],
      unexpected: ['aux.fc.weight'],
    });
  });

  it.each([
    ['no tensors', new Map()],
    ['another network', new Map([['features.0.weight', [64, 3, 11, 11]]])],
    ['a part of a network', new Map([['stem.conv_kxk.conv.weight', [48, 3, 3, 3]]])],
  ])('refuses %s', (_, shapes: Shapes) => {
    expect(() => found(shapes)).toThrow(expect.objectContaining({ code: 'RF-IMPORT-UNKNOWN' }));
  });
});

describe('importWeights', () => {
  it('gives each tensor the values of its own', async () => {
    const shapes = renamed(shapesOf('repvgg_a0', 'train', 10), (name) => `module.${name}`);
    const { file } = await importWeights('x', fileOf(shapes), candidates, options);
    const place = [...shapes.keys()].indexOf('module.stages.2.3.identity.running_var');
    expect(file.weights.get('stages.2.3.identity.running_var')!.data[5]).toBe(place);
    expect(file).toMatchObject({ model: 'repvgg_a0', form: 'train', kind: 'model' });
  });

  it("takes timm's layer scales, which have two axes of one more", async () => {
    const fastvits = await candidatesOf('model-fastvit');
    const t8 = fastvits.find(({ model }) => model.name === 'fastvit_t8')!;
    const specs = tensorsOf(formOfModel(t8, 'train', { numClasses: 1000, sample }));
    const timm: Shapes = new Map(
      specs.map(({ name, shape }) => {
        const base = /^(.*layer_scale)\.weight$/.exec(name)?.[1];
        return base === undefined ? [name, shape] : [`${base}.gamma`, [...shape, 1, 1]];
      }),
    );
    const { file, match } = await importWeights('x', fileOf(timm), fastvits, options);
    expect(match.of.candidate.model.name).toBe('fastvit_t8');
    expect(match).toMatchObject({ misshapen: [], unexpected: [], reading: { scheme: 'timm' } });
    const scale = file.weights.get('stages.3.blocks.1.layer_scale.weight')!;
    expect(scale.shape).toEqual([384]);
    expect(scale.data).toHaveLength(384);
  });

  it('makes a fresh classifier on request, and only that', async () => {
    const asked = { ...options, numClasses: 3 };
    const whole = fileOf(shapesOf('repvgg_a0'));
    const { file, reinitialised } = await importWeights('x', whole, candidates, asked);
    expect(reinitialised).toEqual(['head.fc.weight', 'head.fc.bias']);
    expect(file.weights.get('head.fc.weight')!.shape).toEqual([3, 1280]);
    const headless = shapesOf('repvgg_a0');
    for (const name of reinitialised) headless.delete(name);
    const again = await importWeights('x', fileOf(headless), candidates, asked);
    expect(again.reinitialised).toEqual(reinitialised);
    await expect(importWeights('x', fileOf(headless), candidates, options)).rejects.toMatchObject({
      code: 'RF-IMPORT-INCOMPLETE',
      message: expect.stringContaining('--num-classes') as unknown,
    });
  });

  it('refuses a network that is not whole', async () => {
    const shapes = shapesOf('repvgg_a0');
    shapes.delete('stages.1.0.conv_1x1.bn.weight');
    await expect(importWeights('x', fileOf(shapes), candidates, options)).rejects.toMatchObject({
      code: 'RF-IMPORT-INCOMPLETE',
      message: expect.stringContaining('stages.1.0.conv_1x1.bn.weight: missing') as unknown,
    });
  });
});
