/**
 * Apple's names (`stage1.0.reparam_conv.weight`, `stage0.rbr_conv.0.conv.weight`, `linear.weight`) → ours;
 * undefined for names that are none of MobileOne's. `stage0` is the stem.
 */
export function appleWeightName(name: string): string | undefined {
  const head = /^linear\.(weight|bias)$/.exec(name);
  if (head) return `head.fc.${head[1]}`;
  const match =
    /^stage(\d+)\.(?:(\d+)\.)?(reparam_conv|rbr_conv|rbr_scale|rbr_skip|se)\.(.*)$/.exec(name);
  if (!match) return undefined;
  const [, stage = '', index = '0', part = '', rest = ''] = match;
  const block = stage === '0' ? 'stem' : `stages.${Number(stage) - 1}.${index}`;
  if (part === 'se')
    return `${block}.attn.${rest.replace(/^reduce\./, 'fc1.').replace(/^expand\./, 'fc2.')}`;
  const ours = {
    reparam_conv: 'reparam_conv',
    rbr_conv: 'conv_kxk',
    rbr_scale: 'conv_scale',
    rbr_skip: 'identity',
  }[part];
  return `${block}.${ours}.${rest}`;
}

/** The inverse of {@link appleWeightName}; undefined for names that are none of the graph's. */
export function appleForeignName(own: string): string | undefined {
  const head = /^head\.fc\.(weight|bias)$/.exec(own);
  if (head) return `linear.${head[1]}`;
  const match =
    /^(?:stem|stages\.(\d+)\.(\d+))\.(reparam_conv|conv_kxk|conv_scale|identity|attn)\.(.+)$/.exec(
      own,
    );
  if (!match) return undefined;
  const [, stage, index, part = '', rest = ''] = match;
  const block = stage === undefined ? 'stage0' : `stage${Number(stage) + 1}.${index}`;
  if (part === 'attn')
    return `${block}.se.${rest.replace(/^fc1\./, 'reduce.').replace(/^fc2\./, 'expand.')}`;
  const theirs = {
    reparam_conv: 'reparam_conv',
    conv_kxk: 'rbr_conv',
    conv_scale: 'rbr_scale',
    identity: 'rbr_skip',
  }[part];
  return `${block}.${theirs}.${rest}`;
}
