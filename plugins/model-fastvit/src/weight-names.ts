/** timm's name of a layer scale, whose tensor is `gamma` there, of shape `[C, 1, 1]` → ours; the other names are ours. */
export function timmWeightName(name: string): string | undefined {
  const match = /^(stages\.\d+\.blocks\.\d+(?:\.token_mixer)?\.layer_scale)\.gamma$/.exec(name);
  if (match) return `${match[1]}.weight`;
  return /^(stem|stages\.\d+|final_conv|head)\./.test(name) ? name : undefined;
}

const PARTS: readonly (readonly [RegExp, string])[] = [
  [/\brbr_conv\b/, 'conv_kxk'],
  [/\brbr_scale\b/, 'conv_scale'],
  [/\brbr_skip\b/, 'identity'],
  [/\blkb_origin\b/, 'large_conv'],
  [/\bconvffn\b/, 'mlp'],
  [/\bse\.reduce\b/, 'se.fc1'],
  [/\bse\.expand\b/, 'se.fc2'],
  // A parameter of its own there.
  [/\blayer_scale$/, 'layer_scale.weight'],
];

/**
 * Apple's names (`network.0.1.convffn.fc1.weight`, `patch_embed.0.rbr_scale.bn.bias`, `head.weight`) → ours; undefined
 * for names that are none of the network's. In `network`, stages and the steps between them take turns.
 */
export function appleWeightName(name: string): string | undefined {
  const head = /^head\.(weight|bias)$/.exec(name);
  if (head) return `head.fc.${head[1]}`;
  const renamed = PARTS.reduce((text, [from, to]) => text.replace(from, to), name);
  const stem = /^patch_embed\.(\d)\.(.+)$/.exec(renamed);
  if (stem) return `stem.${stem[1]}.${stem[2]}`;
  const last = /^conv_exp\.(.+)$/.exec(renamed);
  if (last) return `final_conv.${last[1]}`;
  const match = /^network\.(\d+)\.(proj\.)?(.+)$/.exec(renamed);
  if (!match) return undefined;
  const [, index = '', proj, rest = ''] = match;
  const stage = Math.ceil(Number(index) / 2);
  return proj ? `stages.${stage}.downsample.proj.${rest}` : `stages.${stage}.blocks.${rest}`;
}
