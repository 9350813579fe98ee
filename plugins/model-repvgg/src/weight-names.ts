/** Suffixes of a BN in MindSpore's names. */
const MINDSPORE_BN: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** Block of the official and MindCV names (`stage0` is the stem, `stage2.3` is `stages.1.3`). */
function blockPath(name: string): { block: string; rest: string } | undefined {
  const match = /^stage(\d+)\.(?:(\d+)\.)?(.*)$/.exec(name);
  if (!match) return undefined;
  const [, stage = '', index, rest = ''] = match;
  if (stage === '0') return { block: 'stem', rest };
  return { block: `stages.${Number(stage) - 1}.${index ?? '0'}`, rest };
}

/** Parts of a block in the authors' names, longest first; of each the whole beginning is replaced. */
const OFFICIAL_PARTS: readonly (readonly [theirs: RegExp, ours: string])[] = [
  [/^rbr_dense\.(?=conv\.|bn\.)/, 'conv_kxk.'],
  [/^rbr_1x1\.(?=conv\.|bn\.)/, 'conv_1x1.'],
  [/^rbr_identity\./, 'identity.'],
  [/^rbr_reparam\./, 'reparam_conv.'],
  [/^se\.down\./, 'attn.fc1.'],
  [/^se\.up\./, 'attn.fc2.'],
  // QARepVGG: a bare 1×1, and the BN after the sum.
  [/^rbr_1x1\.(?=weight$)/, 'conv_1x1.conv.'],
  [/^bn\./, 'bn.'],
];

/**
 * `stage1.0.rbr_dense.conv.weight`: the .pth files of RepVGG and, with the same names, of QARepVGG
 * (`stage1.0.rbr_1x1.weight`, `stage1.0.bn.weight`), in train form and fused (`stage1.0.rbr_reparam.weight`).
 */
function official(name: string): string | undefined {
  const head = /^linear\.(weight|bias)$/.exec(name);
  if (head) return `head.fc.${head[1]}`;
  const path = blockPath(name);
  const part = OFFICIAL_PARTS.find(([theirs]) => path && theirs.test(path.rest));
  return path && part && `${path.block}.${path.rest.replace(part[0], part[1])}`;
}

/** `stage1.0.rbr_dense.0.weight`, `stage1.0.rbr_identity.gamma` (MindCV .ckpt). */
function mindcv(name: string): string | undefined {
  const renamed = name
    .replace(/\.rbr_(dense|1x1)\.0\./, '.rbr_$1.conv.')
    .replace(/\.rbr_(dense|1x1)\.1\./, '.rbr_$1.bn.')
    .replace(/\.(\w+)$/, (_, suffix: string) => `.${MINDSPORE_BN[suffix] ?? suffix}`);
  return official(renamed);
}

/** `backbone.stage_1.0.branch_3x3.conv.weight` (mmpretrain), fused `backbone.stage_1.0.branch_reparam.weight`. */
function mmpretrain(name: string): string | undefined {
  const head = /^head\.fc\.(weight|bias)$/.exec(name);
  if (head) return name;
  const match = /^backbone\.(stem|stage_(\d+)\.(\d+))\.branch_(3x3|1x1|norm|reparam)\.(.*)$/.exec(
    name,
  );
  if (!match) return undefined;
  const [, place, stage, index, kind = '', rest = ''] = match;
  const block = place === 'stem' ? 'stem' : `stages.${Number(stage) - 1}.${index}`;
  if (kind === 'reparam') return `${block}.reparam_conv.${rest}`;
  if (kind === 'norm') return `${block}.identity.${rest}`;
  return `${block}.conv_${kind === '3x3' ? 'kxk' : '1x1'}.${rest.replace(/^norm\./, 'bn.')}`;
}

/** Foreign names of RepVGG's weights → ours, by naming scheme; undefined for names that are none of its. */
export const repvggWeightNames = { official, mindcv, mmpretrain } as const;
