import type { HostTensor } from '@refold/graph';

/** torchvision's and timm's names are the graph's, for the plain convolutions. */
function torchvision(name: string): string | undefined {
  return /^(conv1|bn1|fc|layer\d+\.\d+\.(conv\d|bn\d|downsample\.[01]))\.\w+$/.test(name)
    ? name
    : undefined;
}

/** Parts of a residual block's convolution in the authors' names; the rest is as it is, ours being theirs. */
const BRANCHES = /^(square|ver|hor)_(conv|bn)\.|^dbb_(origin|1x1|avg|1x1_kxk)\./;

/** A convolution of the authors' names: where it lies in ours, and the rest of its name. */
function placeOf(name: string): { conv: string; bn: string; rest: string } | undefined {
  const stem = /^stage0\.conv1\.(.+)$/.exec(name);
  if (stem) return { conv: 'conv1', bn: 'bn1', rest: stem[1]! };
  const match = /^(stage\d+\.\d+)\.(shortcut|conv(\d))\.(.+)$/.exec(name);
  if (!match) return undefined;
  const [, path = '', kind, place, rest = ''] = match;
  const block = path.replace('stage', 'layer');
  if (kind !== 'shortcut')
    return { conv: `${block}.conv${place}`, bn: `${block}.bn${place}`, rest };
  return { conv: `${block}.downsample.0`, bn: `${block}.downsample.1`, rest };
}

function classifier(name: string): string | undefined {
  return /^linear\.(weight|bias)$/.test(name) ? name.replace('linear', 'fc') : undefined;
}

/**
 * Names of the authors' repository of DBB, which trains ResNets of all three kinds: `stage1.0.conv1.conv.weight`,
 * `stage1.0.conv1.square_conv.weight`, `stage1.0.conv1.dbb_origin.conv.weight`, `stage2.0.shortcut.conv.weight`.
 */
function official(name: string): string | undefined {
  const place = placeOf(name);
  if (!place) return classifier(name);
  const { conv, bn, rest } = place;
  const plain = /^(conv|bn)\.(\w+)$/.exec(rest);
  if (plain) return `${plain[1] === 'conv' ? conv : bn}.${plain[2]}`;
  // The authors' BN that pads holds a BN of its own.
  const branches = conv.includes('.conv') && BRANCHES.test(rest);
  return branches ? `${conv}.${rest.replace(/\.(bn1?)\.bn\./, '.$1.')}` : undefined;
}

/** The same repository's fused form, where every convolution has a bias: `stage1.0.conv1.dbb_reparam.weight`. */
function officialFused(name: string): string | undefined {
  const place = placeOf(name);
  if (!place) return classifier(name);
  const match = /^(?:conv|fused_conv|dbb_reparam)\.(weight|bias)$/.exec(place.rest);
  if (!match) return undefined;
  const path = place.conv === 'conv1' ? '' : `${place.conv.replace(/\.0$/, '')}.`;
  return `${path}reparam_conv.${match[1]}`;
}

/** ACNet's own repository: `stage1.block0.conv2.acb.square_conv.weight`, `stage1.projection.conv.weight`. */
function acnet(name: string): string | undefined {
  if (/^(stage\d+\.\d|stage0\.|linear\.)/.test(name)) return undefined;
  const renamed = name
    .replace(/^conv1\./, 'stage0.conv1.')
    .replace(/^(stage\d+)\.block(\d+)\.(conv\d)\.(acb\.)?/, '$1.$2.$3.')
    .replace(/^(stage\d+)\.projection\./, '$1.0.shortcut.')
    .replace(/^fc\./, 'linear.');
  return official(renamed);
}

/** Foreign names of ResNet's weights → ours, by naming scheme; undefined for names that are none of its. */
export const resnetWeightNames = { torchvision, official, officialFused, acnet } as const;

/**
 * Values of the authors' weights as the graph means them: the 1×1 of a DBB that starts as the identity is stored as
 * what it has beyond the identity.
 *
 * @returns a tensor of its own for that 1×1, else the tensor itself
 */
function officialValue(foreign: string, tensor: HostTensor): HostTensor {
  if (!foreign.endsWith('.dbb_1x1_kxk.idconv1.weight')) return tensor;
  const [outputs = 0, inputs = 0] = tensor.shape;
  const kernel_OI = tensor.data.slice();
  for (let o = 0; o < outputs; o++) kernel_OI[o * inputs + (o % inputs)]! += 1;
  return { shape: tensor.shape, data: kernel_OI };
}

/** See `Model.weightValues`. */
export const resnetWeightValues = { official: officialValue } as const;
