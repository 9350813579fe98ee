import type { RepvggSpec } from './repvgg-spec.js';

type Translate = (own: string) => string | undefined;
type Parts = readonly (readonly [ours: RegExp, theirs: string])[];

/** Suffixes of a BN in MindSpore's names. */
const MINDSPORE_BN: Readonly<Record<string, string>> = {
  weight: 'gamma',
  bias: 'beta',
  running_mean: 'moving_mean',
  running_var: 'moving_variance',
};

const OFFICIAL: Parts = [
  [/^conv_kxk\./, 'rbr_dense.'],
  [/^conv_1x1\./, 'rbr_1x1.'],
  [/^identity\./, 'rbr_identity.'],
  [/^reparam_conv\./, 'rbr_reparam.'],
  [/^attn\.fc1\./, 'se.down.'],
  [/^attn\.fc2\./, 'se.up.'],
  [/^bn\./, 'bn.'],
];

const MMPRETRAIN: Parts = [
  [/^conv_(?:kxk|1x1)\.bn\./, 'norm.'],
  [/^conv_(?:kxk|1x1)\.conv\./, 'conv.'],
  [/^identity\./, 'branch_norm.'],
  [/^reparam_conv\./, 'branch_reparam.'],
];

/**
 * Names of the graph → foreign ones, the inverse of `repvggWeightNames`; undefined for what a scheme has no name for.
 * The networks that mmpretrain and MindCV have are those of plain blocks without squeeze-excite.
 */
export function repvggForeignNames({
  block = 'repvgg',
  squeezeExcite,
}: Pick<RepvggSpec, 'block' | 'squeezeExcite'>): Readonly<Record<string, Translate>> {
  const official: Translate = (own) => {
    const name = officialName(own);
    // The 1×1 of QARepVGG is a bare convolution.
    return block === 'qarepvgg' ? name?.replace('.rbr_1x1.conv.', '.rbr_1x1.') : name;
  };
  const isPlain = block === 'repvgg' && !squeezeExcite;
  return isPlain ? { official, mindcv, mmpretrain } : { official };
}

/** `stem` is `stage0`, `stages.1.3` is `stage2.3`. */
function officialName(own: string): string | undefined {
  const head = /^head\.fc\.(weight|bias)$/.exec(own);
  if (head) return `linear.${head[1]}`;
  const place = placeOf(own);
  const part = OFFICIAL.find(([ours]) => place && ours.test(place.rest));
  if (!place || !part) return undefined;
  const path = place.stage === 0 ? 'stage0' : `stage${place.stage}.${place.index}`;
  return `${path}.${place.rest.replace(part[0], part[1])}`;
}

function mindcv(own: string): string | undefined {
  const name = officialName(own);
  const isNorm = name !== undefined && /\.bn\.|\.rbr_identity\./.test(name);
  return name
    ?.replace(/\.(rbr_dense|rbr_1x1)\.conv\./, '.$1.0.')
    .replace(/\.(rbr_dense|rbr_1x1)\.bn\./, '.$1.1.')
    .replace(/\w+$/, (suffix) => (isNorm ? MINDSPORE_BN[suffix]! : suffix));
}

function mmpretrain(own: string): string | undefined {
  if (/^head\.fc\.(weight|bias)$/.test(own)) return own;
  const place = placeOf(own);
  const part = MMPRETRAIN.find(([ours]) => place && ours.test(place.rest));
  if (!place || !part) return undefined;
  const path = place.stage === 0 ? 'backbone.stem' : `backbone.stage_${place.stage}.${place.index}`;
  const branch = /^conv_(kxk|1x1)\./.exec(place.rest)?.[1];
  const inside = branch === undefined ? '' : `branch_${branch === 'kxk' ? '3x3' : branch}.`;
  return `${path}.${inside}${place.rest.replace(part[0], part[1])}`;
}

function placeOf(own: string): { stage: number; index: string; rest: string } | undefined {
  const match = /^(?:stem|stages\.(\d+)\.(\d+))\.(.+)$/.exec(own);
  if (!match) return undefined;
  const [, stage, index = '0', rest = ''] = match;
  return { stage: stage === undefined ? 0 : Number(stage) + 1, index, rest };
}
