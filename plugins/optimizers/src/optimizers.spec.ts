import { describe, expect, it } from '@jest/globals';
import { Optimizer } from '@refold/core';
import type { TensorSpec } from '@refold/graph';
import { createProvided, describeOptimizer, evaluateRule, initialRuleState } from '@refold/testing';
import plugin from './index.js';

const parameters: TensorSpec[] = [
  {
    name: 'conv.weight',
    shape: [3, 1, 1, 1],
    kind: 'parameter',
    init: { kind: 'constant', value: 0 },
  },
  { name: 'bn.weight', shape: [3], kind: 'parameter', init: { kind: 'constant', value: 1 } },
];

const optimizer = (use: string, options: object) =>
  createProvided(plugin, Optimizer, { use, options });

/**
 * torch.optim (PyTorch 2.13, float64) from [1, −2, 0.5] with gradients [0.3·(t+1), −0.1, 0.7 − t], rate 0.1,
 * weight decay 0.01, momentum 0.9: the parameter after steps t = 0, 1, 2.
 */
const torch = {
  sgd: [
    [0.969, -1.988, 0.4295],
    [0.908031, -1.976012, 0.4590705],
    [0.817122969, -1.964035988, 0.5886114295],
  ],
  momentum: [
    [0.969, -1.988, 0.4295],
    [0.880131, -1.965212, 0.3956205],
    [0.709268769, -1.932737588, 0.4947333295],
  ],
  nesterov: [
    [0.9411, -1.9772, 0.36605],
    [0.80020191, -1.94472332, 0.365249505],
    [0.555720235371, -1.903578813692, 0.58416453044],
  ],
  adamw: [
    [0.899000003333, -1.89800001, 0.399500001429],
    [0.801582802782, -1.79610201999, 0.366842588845],
    [0.704981099047, -1.69430592797, 0.409012513955],
  ],
};

for (const use of ['sgd', 'momentum', 'nesterov', 'adamw']) {
  const options = { weightDecay: 1e-4, weightDecayFilter: 'norm-and-bias' };
  describeOptimizer(use, () => optimizer(use, options));
}

describe('optimizers', () => {
  it.each(Object.entries(torch))('%s is what torch.optim computes', async (use, expected) => {
    const rule = (await optimizer(use, { weightDecay: 0.01 })).rule(parameters);
    let state = initialRuleState(rule, 'conv.weight', [1, -2, 0.5]);
    for (const [t, values] of expected.entries()) {
      const gradient = [0.3 * (t + 1), -0.1, 0.7 - t];
      state = evaluateRule(rule, state, { gradient, rate: 0.1, step: t + 1 });
      values.forEach((value, i) => expect(state.parameter[i]).toBeCloseTo(value, 10));
    }
  });

  it('decays everything by default, and spares norms and biases on request', async () => {
    const all = (await optimizer('momentum', { weightDecay: 0.1 })).rule(parameters);
    expect(all.hyper['weightDecay']).toEqual({ value: 0.1 });
    const filter = { weightDecay: 0.1, weightDecayFilter: 'norm-and-bias' };
    const some = (await optimizer('adamw', filter)).rule(parameters);
    expect(some.hyper['weightDecay']).toEqual({ value: 0.1, perParameter: { 'bn.weight': 0 } });
  });

  it('refuses options of another optimizer', async () => {
    await expect(optimizer('sgd', { momentum: 0.9 })).rejects.toThrow('momentum');
  });
});
