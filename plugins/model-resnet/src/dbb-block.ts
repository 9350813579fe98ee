import type { GraphBuilder, Value } from '@refold/graph';
import type { ConvOptions } from './conv-norm.js';

/**
 * Diverse branch block (Ding et al. 2021, "Diverse Branch Block", figure 2), the sum of
 *
 * - `dbb_origin`: k×k, BN
 * - `dbb_1x1`: 1×1, BN
 * - `dbb_avg`: 1×1, BN, average of k×k, BN
 * - `dbb_1x1_kxk`: 1×1 that starts as the identity, BN, k×k, BN
 *
 * The last two read beyond the border what their first BN makes of zero: only so are 1×1 and k×k one convolution. The
 * authors pad after that BN, with its image of zero; here the 1×1 itself pads with zeros, which its BN then takes to the
 * same image. At inference the two are equal; in training the statistics of these two BNs here count the border too.
 *
 * The authors keep the 1×1 that starts as the identity as what it has beyond the identity (`dbbWeightValue` adds it):
 * their weight decay pulls it to the identity, ours to zero, which the BN after it makes up for in scale.
 */
export function dbbBlock(b: GraphBuilder, name: string, x: Value, options: ConvOptions): Value {
  const { outChannels, kernel, stride } = options;
  const padding = (kernel - 1) / 2;
  const norm = (path: string, y: Value) => b.batchNorm(`${name}.${path}`, y);
  const conv = (path: string, y: Value, form: ConvForm) => b.conv2d(`${name}.${path}`, y, form);
  const point = { outChannels, kernel: 1 };
  const wide = { outChannels, kernel, stride };

  const origin = norm('dbb_origin.bn', conv('dbb_origin.conv', x, { ...wide, padding }));
  const padded = norm('dbb_avg.bn', conv('dbb_avg.conv', x, { ...point, padding }));
  const average = b.avgPool(`${name}.dbb_avg.avg`, padded, { kernel, stride });
  const averaged = norm('dbb_avg.avgbn', average);
  const one = norm('dbb_1x1.bn', conv('dbb_1x1.conv', x, { ...point, stride }));
  const inner = { outChannels: x.shape[0]!, kernel: 1, padding, init: 'identity' } as const;
  const first = norm('dbb_1x1_kxk.bn1', conv('dbb_1x1_kxk.idconv1', x, inner));
  const second = norm('dbb_1x1_kxk.bn2', conv('dbb_1x1_kxk.conv2', first, wide));
  return b.add(`${name}.sum`, [origin, one, averaged, second]);
}

type ConvForm = Parameters<GraphBuilder['conv2d']>[2];
