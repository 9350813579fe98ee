import type { RepvitSpec } from './repvit-spec.js';

/**
 * The names of the authors' files → ours; undefined for names that are none of the network's. There all blocks are one
 * list: `features.0` is the stem, and each stage's downsampling is two entries, of which the first is `pre_block`.
 * Which entry is which depends on the depths, so the map does.
 */
export function officialWeightNames({
  depths,
}: Pick<RepvitSpec, 'depths'>): (name: string) => string | undefined {
  const entries = depths.flatMap((depth, stage) => [
    ...(stage > 0 ? [`stages.${stage}.downsample.pre_block`, `stages.${stage}.downsample`] : []),
    ...Array.from({ length: depth }, (_, i) => `stages.${stage}.blocks.${i}`),
  ]);
  return (name) => {
    const head = /^classifier\.classifier(_dist)?\.((?:bn|l)\.\w+)$/.exec(name);
    if (head) return `head.head${head[1] ?? ''}.${head[2]}`;
    const stem = /^features\.0\.([02])\.((?:c|bn)\.\w+)$/.exec(name);
    if (stem) return `stem.conv${stem[1] === '0' ? 1 : 2}.${stem[2]}`;
    const match = /^features\.(\d+)\.(token_mixer|channel_mixer\.m)\.(\d)\.(.+)$/.exec(name);
    const path = entries[Number(match?.[1]) - 1];
    if (!match || path === undefined) return undefined;
    const part = partOf(`${match[2]}.${match[3]}`, path.endsWith('downsample'));
    return part === undefined ? undefined : `${path}.${part}.${match[4]}`;
  };
}

/** What a member of a block is called here. */
function partOf(member: string, halves: boolean): string | undefined {
  const mixer = halves ? 'ffn' : 'channel_mixer';
  const parts: Readonly<Record<string, string>> = {
    ...(halves
      ? { 'token_mixer.0': 'spatial_downsample', 'token_mixer.2': 'channel_downsample' }
      : { 'token_mixer.0': 'token_mixer', 'token_mixer.1': 'se' }),
    'channel_mixer.m.0': `${mixer}.conv1`,
    'channel_mixer.m.2': `${mixer}.conv2`,
  };
  return parts[member];
}
