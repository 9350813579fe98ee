import { expr, type Expression, type UpdateRule } from '@refold/graph';

const { add, gradient, hyper, mul, parameter, rate, slot, sub } = expr;

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Weight decay per parameter, as an update rule's hyper-parameter. */
  readonly weightDecay: UpdateRule['hyper'][string];
}

/**
 * Stochastic gradient descent as torch.optim.SGD computes it (dampening 0, decay added to the gradient):
 *
 *     g ← g + λ·p
 *     m ← μ·m + g
 *     p ← p − rate · (nesterov ? g + μ·m : m)
 *
 * The buffer starts at 0, which gives PyTorch's first step (m = g) as well.
 */
export function sgdRule({ momentum, nesterov, weightDecay }: SgdOptions): UpdateRule {
  const decayed: Expression = add(gradient, mul(hyper('weightDecay'), parameter));
  const hyperParameters = { weightDecay };
  if (momentum === 0) {
    return {
      name: 'sgd',
      slots: [],
      hyper: hyperParameters,
      assignments: [{ target: { parameter: true }, value: sub(parameter, mul(rate, decayed)) }],
    };
  }
  const buffer = slot('momentum');
  const direction = nesterov ? add(decayed, mul(buffer, momentum)) : buffer;
  return {
    name: nesterov ? 'nesterov' : 'momentum',
    slots: [{ name: 'momentum', init: 0 }],
    hyper: hyperParameters,
    assignments: [
      { target: { slot: 'momentum' }, value: add(mul(buffer, momentum), decayed) },
      { target: { parameter: true }, value: sub(parameter, mul(rate, direction)) },
    ],
  };
}
