import type { TensorSpec, UpdateRule } from '@refold/graph';

/** Which parameters weight decay leaves alone. */
export type WeightDecayFilter = 'none' | 'norm-and-bias';

/**
 * Weight decay as an update rule's hyper-parameter.
 *
 * @param filter `none`: every parameter decays, BN too (the RepVGG recipes); `norm-and-bias`: those of one dimension,
 * which are the BN parameters and the biases, do not
 */
export function weightDecayOf(
  value: number,
  filter: WeightDecayFilter,
  parameters: readonly TensorSpec[],
): UpdateRule['hyper'][string] {
  if (filter === 'none') return { value };
  const spared = parameters.filter(({ shape }) => shape.length === 1);
  return { value, perParameter: Object.fromEntries(spared.map(({ name }) => [name, 0])) };
}
