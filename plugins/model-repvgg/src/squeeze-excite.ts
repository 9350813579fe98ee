import type { GraphBuilder, Value } from '@refold/graph';

/**
 * Squeeze-excite (Hu et al. 2018): channels are weighted by what the whole image shows. Nodes `pool`, `fc1`, `act`,
 * `fc2`, `gate` and `mul` below `name`.
 *
 * @param hidden channels between the two layers
 */
export function squeezeExcite(b: GraphBuilder, name: string, x: Value, hidden: number): Value {
  const point = { kernel: 1, bias: true };
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const squeezed = b.conv2d(`${name}.fc1`, pooled, { ...point, outChannels: hidden });
  const active = b.activation('relu', `${name}.act`, squeezed);
  const excited = b.conv2d(`${name}.fc2`, active, { ...point, outChannels: x.shape[0]! });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, excited));
}
