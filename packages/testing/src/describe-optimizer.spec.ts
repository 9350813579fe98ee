import { describe, expect, it } from '@jest/globals';
import type { Optimizer } from '@refold/core';
import { expr, type Expression, type UpdateRule } from '@refold/graph';
import { describeOptimizer } from './describe-optimizer.js';
import { plainRule } from './device-kit/kit-data.js';
import { kitRules } from './device-kit/kit-rules.js';
import { failuresOf } from './spec-kit/failures-of.js';

for (const rule of kitRules.slice(0, 3))
  describeOptimizer(rule.name, () => ({
    name: rule.name,
    // The kit's rules name parameters of another network.
    rule: () => ({
      ...rule,
      hyper: rule.hyper['decay'] ? { ...rule.hyper, decay: { value: 0.01 } } : rule.hyper,
    }),
  }));

const { sub, mul, parameter, rate, gradient, slot, hyper } = expr;
const ruleOf = (value: Expression, more: Partial<UpdateRule> = {}): Optimizer => ({
  name: 'broken',
  rule: () => ({ ...plainRule, ...more, assignments: [{ target: { parameter: true }, value }] }),
});

let calls = 0;
const faults: readonly (readonly [string, Optimizer, string])[] = [
  [
    'a climb',
    ruleOf(expr.add(parameter, mul(rate, gradient))),
    'fifty steps stay finite and lower the loss',
  ],
  [
    'a division by zero',
    ruleOf(sub(parameter, mul(rate, expr.div(gradient, expr.sub(gradient, gradient))))),
    'a finite number\nReceived Infinity',
  ],
  ['an undeclared slot', ruleOf(sub(parameter, slot('velocity'))), "The slot 'velocity'"],
  [
    'an undeclared hyper-parameter',
    ruleOf(sub(parameter, mul(hyper('decay'), gradient))),
    "The hyper-parameter 'decay'",
  ],
  [
    'decay for a parameter that is not there',
    ruleOf(sub(parameter, mul(rate, gradient)), {
      hyper: { decay: { value: 0, perParameter: { 'no.such': 1 } } },
    }),
    "The parameter for decay 'no.such'",
  ],
  [
    'a rule that differs from call to call',
    { name: 'broken', rule: () => ({ ...plainRule, name: `rule ${calls++}` }) },
    'gives the same rule for the same parameters',
  ],
];

describe('describeOptimizer', () => {
  it.each(faults)('catches %s', async (_fault, optimizer, symptom) => {
    const failures = await failuresOf((framework) =>
      describeOptimizer('broken', () => optimizer, { framework }),
    );
    expect(failures.join('\n')).toContain(symptom);
  });
});
