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
