import { expr, type UpdateRule } from '@refold/graph';

const { add, sub, mul, div, sqrt, norm, max, min, pow, neg, abs, sign, exp } = expr;
const { parameter: p, gradient: g, rate, step, slot, hyper } = expr;

/** Momentum with weight decay on some parameters only. */
const momentum: UpdateRule = {
  name: 'momentum, decay by parameter',
  slots: [{ name: 'momentum', init: 0 }],
  hyper: {
    momentum: { value: 0.9 },
    decay: { value: 0.05, perParameter: { 'head.fc.bias': 0, 'block.conv_kxk.bn.weight': 0.5 } },
  },
  assignments: [
    {
      target: { slot: 'momentum' },
      value: add(mul(hyper('momentum'), slot('momentum')), add(g, mul(hyper('decay'), p))),
    },
    { target: { parameter: true }, value: sub(p, mul(rate, slot('momentum'))) },
  ],
};

/** AdamW: two slots, and bias correction by the number of the update. */
const adamW: UpdateRule = {
  name: 'AdamW',
  slots: [
    { name: 'first', init: 0 },
    { name: 'second', init: 0 },
  ],
  hyper: { decay: { value: 0.05 } },
  assignments: [
    { target: { slot: 'first' }, value: add(mul(0.9, slot('first')), mul(0.1, g)) },
    { target: { slot: 'second' }, value: add(mul(0.99, slot('second')), mul(0.01, mul(g, g))) },
    {
      target: { parameter: true },
      value: sub(
        mul(p, sub(1, mul(rate, hyper('decay')))),
        mul(
          rate,
          div(
            div(slot('first'), sub(1, pow(0.9, step))),
            // A large epsilon: gradients that are zero but for rounding must not be blown up to ±1.
            add(sqrt(div(slot('second'), sub(1, pow(0.99, step)))), 0.01),
          ),
        ),
      ),
    },
  ],
};

/** Steps as long as the parameter (as in LARS): norms over whole tensors. */
const byNorm: UpdateRule = {
  name: 'norms of whole tensors',
  slots: [],
  hyper: {},
  assignments: [
    {
      target: { parameter: true },
      value: sub(p, mul(mul(rate, div(add(norm(p), 0.1), add(norm(g), 0.1))), g)),
    },
  ],
};

/** Every remaining operation, and a slot that starts at one and sees the assignment before it. */
const everything: UpdateRule = {
  name: 'every operation',
  slots: [{ name: 'seen', init: 1 }],
  hyper: {},
  assignments: [
    {
      target: { parameter: true },
      value: sub(p, mul(rate, max(min(g, 0.5), neg(expr.mul(0.5, 1))))),
    },
    { target: { slot: 'seen' }, value: add(mul(slot('seen'), 0.5), abs(p)) },
    {
      target: { parameter: true },
      value: sub(p, mul(mul(rate, 0.1), mul(sign(slot('seen')), exp(neg(slot('seen')))))),
    },
  ],
};

/** Update rules that together use every operation of the expression language. */
export const kitRules: readonly UpdateRule[] = [momentum, adamW, byNorm, everything];
