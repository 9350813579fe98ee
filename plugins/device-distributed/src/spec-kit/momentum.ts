import { expr, type UpdateRule } from '@refold/graph';

const { add, gradient, mul, parameter, rate, slot, sub } = expr;

/** v ← 0.9 v + g; p ← p − rate · v */
export const momentum: UpdateRule = {
  name: 'momentum',
  slots: [{ name: 'velocity', init: 0 }],
  hyper: {},
  assignments: [
    { target: { slot: 'velocity' }, value: add(mul(0.9, slot('velocity')), gradient) },
    { target: { parameter: true }, value: sub(parameter, mul(rate, slot('velocity'))) },
  ],
};
