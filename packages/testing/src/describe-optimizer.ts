import type { Optimizer } from '@refold/core';
import {
  UPDATE_COUNT_NAME,
  slotTensorName,
  type Expression,
  type TensorSpec,
  type UpdateRule,
} from '@refold/graph';
import { evaluateRule, initialRuleState, type RuleState } from './evaluate-rule.js';
import { expectEqual, expectSameNumbers, expectThat } from './framework/expectations.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface OptimizerKitOptions extends KitOptions {
  /** Learning rate with which fifty steps must lower the test's loss, default 0.01. */
  readonly rate?: number;
}

const spec = (name: string, shape: readonly number[]): TensorSpec => ({
  name,
  shape,
  kind: 'parameter',
  init: { kind: 'constant', value: 0 },
});
const parameters = [
  spec('stem.conv.weight', [2, 3, 1, 1]),
  spec('stem.bn.weight', [2]),
  spec('stem.bn.bias', [2]),
  spec('head.fc.weight', [3, 2]),
  spec('head.fc.bias', [3]),
];
const steps = 50;

/**
 * Conformance kit for optimizers: a rule that refers only to what it declares, is plain data, is deterministic, stays
 * finite, and lowers Σ aᵢ·(pᵢ − tᵢ)² / 2 in fifty steps, for every parameter of a small network.
 *
 * @param name shown in the titles
 */
export function describeOptimizer(
  name: string,
  make: () => Optimizer | Promise<Optimizer>,
  options: OptimizerKitOptions = {},
): void {
  const { describe, it } = frameworkOf(options.framework);
  const rate = options.rate ?? 0.01;
  const test = (title: string, body: (rule: UpdateRule, optimizer: Optimizer) => void) =>
    it(title, async () => {
      const optimizer = await make();
      body(optimizer.rule(parameters), optimizer);
    });

  describe(`${name} as an Optimizer`, () => {
    test('has a name, and so has its rule', (rule, optimizer) => {
      expectThat(optimizer.name.length > 0, 'name', 'a text', optimizer.name);
      expectThat(rule.name.length > 0, 'rule.name', 'a text', rule.name);
    });

    test('gives a rule that is plain data', (rule) => {
      expectEqual(JSON.parse(JSON.stringify(rule)), rule, 'The rule after JSON');
    });

    test('gives the same rule for the same parameters', (rule, optimizer) => {
      expectEqual(optimizer.rule(parameters), rule, 'The second rule');
    });

    test('refers only to slots and hyper-parameters that it declares', (rule) => {
      const slots = rule.slots.map((slot) => slot.name);
      expectEqual(new Set(slots).size, slots.length, 'Distinct slot names');
      for (const { target, value } of rule.assignments) {
        if ('slot' in target) expectKnown('slot', target.slot, slots);
        for (const e of expressionsIn(value)) {
          if (e.op === 'slot') expectKnown('slot', e.slot, slots);
          if (e.op === 'hyper') expectKnown('hyper-parameter', e.name, Object.keys(rule.hyper));
        }
      }
    });

    test('declares finite numbers, and per parameter only for parameters there are', (rule) => {
      const names = parameters.map((parameter) => parameter.name);
      for (const { name: slot, init } of rule.slots) expectFinite(init, `Slot ${slot}`);
      for (const [hyper, { value, perParameter = {} }] of Object.entries(rule.hyper)) {
        expectFinite(value, `Hyper-parameter ${hyper}`);
        for (const [parameter, own] of Object.entries(perParameter)) {
          expectKnown(`parameter for ${hyper}`, parameter, names);
          expectFinite(own, `Hyper-parameter ${hyper} of ${parameter}`);
        }
      }
    });

    test('gives slots names that no tensor of a network has', (rule) => {
      const taken = [UPDATE_COUNT_NAME, ...parameters.map((parameter) => parameter.name)];
      for (const { name: slot } of rule.slots)
        for (const parameter of parameters) {
          const full = slotTensorName(slot, parameter.name);
          expectThat(!taken.includes(full), `Slot ${slot}`, 'a name of its own', full);
        }
    });

    test('assigns to the parameter', (rule) => {
      const found = rule.assignments.filter(({ target }) => 'parameter' in target);
      expectThat(found.length > 0, 'Assignments to the parameter', 'at least one', 0);
    });

    test('does nothing at rate 0 with a zero gradient', (rule) => {
      for (const parameter of parameters) {
        const before = initialRuleState(rule, parameter.name, [0.5, -2]);
        const after = evaluateRule(rule, before, { gradient: [0, 0], rate: 0, step: 1 });
        expectSameNumbers(after.parameter, before.parameter, `${parameter.name} at rate 0`);
      }
    });

    for (const parameter of parameters) {
      test(`${parameter.name}: fifty steps stay finite and lower the loss`, (rule) => {
        const { losses } = minimise(rule, parameter.name, rate);
        losses.forEach((loss, step) => expectFinite(loss, `Loss of step ${step}`));
        const [before, after] = [losses[0]!, losses.at(-1)!];
        expectThat(after < before, 'Loss after fifty steps', `less than ${before}`, after);
      });
    }

    test('repeats itself bit by bit', (rule) => {
      const [a, b] = [1, 2].map(() => minimise(rule, parameters[0]!.name, rate).state);
      expectSameNumbers(b!.parameter, a!.parameter, 'Parameter of the second run');
    });
  });
}

/** Descends Σ aᵢ·(pᵢ − tᵢ)² / 2 with curvatures a from 0.2 to 5. */
function minimise(
  rule: UpdateRule,
  name: string,
  rate: number,
): { losses: number[]; state: RuleState } {
  const curvatures = [0.2, 1, 2, 5];
  const targets = [1, -1.5, 0.5, 2];
  let state = initialRuleState(rule, name, [-2, 1, 3, -1]);
  const losses: number[] = [];
  for (let step = 1; step <= steps + 1; step++) {
    const offsets = [...state.parameter].map((p, i) => p - targets[i]!);
    losses.push(offsets.reduce((sum, d, i) => sum + (curvatures[i]! * d * d) / 2, 0));
    const gradient = offsets.map((d, i) => curvatures[i]! * d);
    if (step <= steps) state = evaluateRule(rule, state, { gradient, rate, step });
  }
  return { losses, state };
}

function* expressionsIn(e: Expression): Generator<Expression> {
  yield e;
  if ('a' in e) yield* expressionsIn(e.a);
  if ('b' in e) yield* expressionsIn(e.b);
}

function expectKnown(what: string, name: string, known: readonly string[]): void {
  expectThat(known.includes(name), `The ${what} '${name}'`, `one of ${known.join(', ')}`, name);
}

function expectFinite(value: number, what: string): void {
  expectThat(Number.isFinite(value), what, 'a finite number', value);
}
