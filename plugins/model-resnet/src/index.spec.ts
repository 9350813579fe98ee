import { describe, expect, it } from '@jest/globals';
import { collectProviders, Model, namesOf } from '@refold/core';
import { createProvided, describeModel } from '@refold/testing';
import plugin from './index.js';

/** The model that a section of the configuration asks for. */
const modelOf = ({ use, ...options }: { use: string; [key: string]: unknown }) =>
  createProvided(plugin, Model, { use, options });

const stem = ['stage0.conv1.conv.weight', 'stage0.conv1.bn.running_var', 'linear.bias'];
describeModel('resnet18', () => modelOf({ use: 'resnet18' }), {
  foreignNames: {
    torchvision: ['conv1.weight', 'layer1.0.bn2.running_mean', 'layer2.0.downsample.1.bias'],
    official: [...stem, 'stage2.0.shortcut.bn.bias', 'stage4.1.conv2.bn.weight'],
  },
});
describeModel('acnet_resnet18', () => modelOf({ use: 'acnet_resnet18' }), {
  foreignNames: {
    official: [...stem, 'stage1.0.conv1.ver_conv.weight', 'stage1.0.conv1.hor_bn.running_mean'],
  },
});
describeModel('dbb_resnet18', () => modelOf({ use: 'dbb_resnet18' }), {
  foreignNames: {
    official: [
      ...stem,
      'stage1.0.conv1.dbb_origin.bn.bias',
      'stage1.0.conv1.dbb_avg.bn.bn.running_var',
      'stage1.0.conv1.dbb_avg.avgbn.weight',
      'stage1.0.conv1.dbb_1x1_kxk.idconv1.weight',
      'stage1.0.conv1.dbb_1x1_kxk.bn1.bn.weight',
      'stage1.0.conv1.dbb_1x1_kxk.bn2.weight',
    ],
  },
});
describeModel('resnet of bottlenecks', () =>
  modelOf({ use: 'resnet', depths: [1, 2], widths: [4, 8], bottleneck: true, block: 'dbb' }),
);

const context = { numClasses: 10, sample: { channels: 3, height: 32, width: 32 } };

describe('model-resnet', () => {
  it('offers ResNet-18 and -50 of every kind and one of your own', () => {
    expect(
      collectProviders([plugin], () => ({}))
        .flatMap(namesOf)
        .sort(),
    ).toEqual([
      ...['acnet_resnet18', 'acnet_resnet50', 'dbb_resnet18', 'dbb_resnet50'],
      ...['resnet', 'resnet18', 'resnet50'],
    ]);
  });

  it.each(['plain', 'acnet', 'dbb'])(
    'builds a published %s network from depths too',
    async (block) => {
      const use = `${block}_resnet50`.replace('plain_', '');
      const widths = [64, 128, 256, 512];
      const own = { use: 'resnet', depths: [3, 4, 6, 3], widths, bottleneck: true, block };
      const [named, custom] = [await modelOf({ use }), await modelOf(own)];
      expect(named.name).toBe(use);
      expect(custom.build(context)).toEqual(named.build(context));
    },
  );

  it('drops out before the classifier when asked to', async () => {
    const { nodes } = (await modelOf({ use: 'resnet18', dropRate: 0.2 })).build(context);
    expect(nodes.at(-2)).toMatchObject({ name: 'drop', op: 'dropout', attrs: { rate: 0.2 } });
  });

  it.each([
    ['fewer widths than depths', { depths: [1, 1], widths: [16] }],
    ['no widths', { depths: [1] }],
    ['an unknown kind of block', { depths: [1], widths: [16], block: 'repvgg' }],
    ['an unknown key', { depths: [1], widths: [16], width: 16 }],
  ])('refuses %s', async (_what, section) => {
    await expect(modelOf({ use: 'resnet', ...section })).rejects.toMatchObject({
      name: 'ZodError',
    });
  });
});
