import { expr, type UpdateRule } from '@refold/graph';

const { add, div, gradient, hyper, mul, parameter, pow, rate, slot, sqrt, step, sub } = expr;

export interface AdamwOptions {
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Weight decay per parameter, as an update rule's hyper-parameter. */
  readonly weightDecay: UpdateRule['hyper'][string];
}

/**
 * AdamW (Loshchilov and Hutter 2019) as torch.optim.AdamW computes it, t counting updates from 1:
 *
 *     m ← β₁·m + (1 − β₁)·g          v ← β₂·v + (1 − β₂)·g²
 *     p ← p·(1 − rate·λ) − rate · (m / (1 − β₁ᵗ)) / (√v / √(1 − β₂ᵗ) + ε)
 */
export function adamwRule({ betas, eps, weightDecay }: AdamwOptions): UpdateRule {
  const [beta1, beta2] = betas;
  const m = slot('exp_avg');
  const v = slot('exp_avg_sq');
  const correction = (beta: number) => sub(1, pow(beta, step));
  const denominator = add(div(sqrt(v), sqrt(correction(beta2))), eps);
  const move = div(div(m, correction(beta1)), denominator);
  const kept = mul(parameter, sub(1, mul(rate, hyper('weightDecay'))));
  return {
    name: 'adamw',
    slots: [
      { name: 'exp_avg', init: 0 },
      { name: 'exp_avg_sq', init: 0 },
    ],
    hyper: { weightDecay },
    assignments: [
      { target: { slot: 'exp_avg' }, value: add(mul(m, beta1), mul(gradient, 1 - beta1)) },
      {
        target: { slot: 'exp_avg_sq' },
        value: add(mul(v, beta2), mul(mul(gradient, gradient), 1 - beta2)),
      },
      { target: { parameter: true }, value: sub(kept, mul(rate, move)) },
    ],
  };
}
