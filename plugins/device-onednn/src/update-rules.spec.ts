import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Device } from '@refold/core';
import { expr, slotTensorName, type UpdateRule } from '@refold/graph';
import { evaluateRule, initialRuleState, relativeError, type RuleState } from '@refold/testing';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';
import { gradientsOf, noiseFor, repvggNetwork, repvggUse } from './spec-kit/repvgg-network.js';

const {
  add,
  div,
  gradient,
  hyper,
  max,
  min,
  mul,
  norm,
  parameter,
  pow,
  rate,
  slot,
  sqrt,
  step,
  sub,
} = expr;
const moments = [
  { name: 'm', init: 0 },
  { name: 'v', init: 0 },
];
const decay = {
  decay: { value: 0.05, perParameter: { 'head.fc.bias': 0, 'stem.conv_kxk.bn.weight': 0 } },
};
const moving: UpdateRule['assignments'] = [
  { target: { slot: 'm' }, value: add(mul(0.9, slot('m')), mul(0.1, gradient)) },
  { target: { slot: 'v' }, value: add(mul(0.99, slot('v')), mul(0.01, mul(gradient, gradient))) },
];
// A large ε: gradients that are zero but for rounding must not be blown up to ±1.
const adam = div(
  div(slot('m'), sub(1, pow(0.9, step))),
  add(sqrt(div(slot('v'), sub(1, pow(0.99, step)))), 0.01),
);
const decayed = mul(hyper('decay'), parameter);

const rules: readonly UpdateRule[] = [
  {
    name: 'AdamW',
    slots: moments,
    hyper: decay,
    assignments: [
      ...moving,
      { target: { parameter: true }, value: sub(parameter, mul(rate, add(adam, decayed))) },
    ],
  },
  {
    // Steps in proportion to the parameter's length, by at most ten of the gradient's.
    name: 'LARS',
    slots: [{ name: 'velocity', init: 0 }],
    hyper: decay,
    assignments: [
      {
        target: { slot: 'velocity' },
        value: add(
          mul(0.9, slot('velocity')),
          mul(min(10, div(norm(parameter), add(norm(gradient), 1e-3))), add(gradient, decayed)),
        ),
      },
      { target: { parameter: true }, value: sub(parameter, mul(rate, slot('velocity'))) },
    ],
  },
  {
    // The norm of an expression, not of a tensor.
    name: 'LAMB',
    slots: moments,
    hyper: decay,
    assignments: [
      ...moving,
      {
        target: { parameter: true },
        value: sub(
          parameter,
          mul(
            mul(rate, div(norm(parameter), max(norm(add(adam, decayed)), 1e-3))),
            add(adam, decayed),
          ),
        ),
      },
    ],
  },
];

describeBuilt('update rules on onednn', () => {
  let device: Device;
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(() => device.close());

  it.each(rules.map((rule) => [rule.name, rule] as const))(
    '%s is what it is in float64, over several updates',
    async (_name, rule) => {
      const graph = repvggNetwork();
      const use = repvggUse(graph, { updateRule: rule });
      const session = await device.load(graph, use);
      const states = new Map<string, RuleState>();
      for (let update = 1; update <= 4; update++) {
        await session.backward(noiseFor(graph, update, 6));
        for (const [name, values] of await gradientsOf(session)) {
          const state =
            states.get(name) ?? initialRuleState(rule, name, use.weights.get(name)!.data);
          const next = { gradient: values, rate: 0.01, step: update };
          states.set(name, evaluateRule(rule, state, next));
        }
        await session.update(0.01);
      }
      const read = await session.read();
      expect(states.size).toBe(30);
      for (const [name, { parameter: expected, slots }] of states) {
        const errors = [
          relativeError(read.get(name)!.data, expected),
          ...Object.entries(slots).map(([slotName, values]) =>
            relativeError(read.get(slotTensorName(slotName, name))!.data, values),
          ),
        ];
        const isClose = errors.every((error) => error < 2e-6);
        expect({ name, errors, isClose }).toEqual({ name, errors, isClose: true });
      }
      await session.close();
    },
  );
});
