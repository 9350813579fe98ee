import { describe, expect, it } from '@jest/globals';
import { expr, type Expression, type UpdateRule } from '@refold/graph';
import { evaluateRule, initialRuleState } from '@refold/testing';
import fc from 'fast-check';
import type { NativeExpression } from '../native/native-program.js';
import { lowerRule } from './lower-rule.js';

const leaves: readonly Expression[] = [
  ...[expr.parameter, expr.gradient, expr.rate, expr.step],
  ...[expr.slot('first'), expr.slot('second'), expr.hyper('decay'), expr.hyper('other')],
  { op: 'constant', value: 0.25 },
];
const unary = ['norm', 'neg', 'abs', 'sign', 'sqrt', 'exp'] as const;
const binary = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min'] as const;

/** Expressions with every operation. */
const { whole } = fc.letrec<{ whole: Expression }>((tie) => ({
  whole: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...leaves),
    fc.tuple(fc.constantFrom(...unary), tie('whole')).map(([op, a]) => ({ op, a })),
    fc
      .tuple(fc.constantFrom(...binary), tie('whole'), tie('whole'))
      .map(([op, a, b]) => ({ op, a, b })),
  ),
}));

const ruleOf = (value: Expression): UpdateRule => ({
  name: 'any',
  slots: [
    { name: 'first', init: 0.5 },
    { name: 'second', init: 2 },
  ],
  hyper: { decay: { value: 0.1, perParameter: { b: 3 } }, other: { value: 4 } },
  assignments: [
    { target: { slot: 'second' }, value },
    { target: { parameter: true }, value },
  ],
});

/** A lowered expression as one of a rule whose slots and hyper-parameters are called by their numbers. */
function raise(e: NativeExpression): Expression {
  switch (e.op) {
    case 'slot':
      return expr.slot(String(e.index));
    case 'hyper':
      return expr.hyper(String(e.index));
    case 'constant':
    case 'parameter':
    case 'gradient':
    case 'rate':
    case 'step':
      return e;
    default:
      // An operation has a second operand in both forms or in neither.
      return { ...e, a: raise(e.a), ...(e.b && { b: raise(e.b) }) } as Expression;
  }
}

describe('a lowered update rule', () => {
  it('means what it meant', () => {
    fc.assert(
      fc.property(whole, fc.constantFrom('a', 'b'), (value, name) => {
        const rule = ruleOf(value);
        const native = lowerRule(rule, ['a', 'b']);
        const place = name === 'a' ? 0 : 1;
        const raised: UpdateRule = {
          name: 'raised',
          slots: native.slots.map((init, i) => ({ name: String(i), init })),
          hyper: Object.fromEntries(
            native.hyper.map((values, i) => [i, { value: values[place]! }]),
          ),
          assignments: native.assignments.map(({ target, value: v }) => ({
            target: target < 0 ? { parameter: true } : { slot: String(target) },
            value: raise(v),
          })),
        };
        const [before, update] = [[0.5, -1, 2], { gradient: [0.3, 1, -2], rate: 0.1, step: 3 }];
        const expected = evaluateRule(rule, initialRuleState(rule, name, before), update);
        const state = initialRuleState(raised, name, before);
        const { parameter, slots } = evaluateRule(raised, state, update);
        expect(parameter).toEqual(expected.parameter);
        expect([slots['0'], slots['1']]).toEqual([expected.slots.first, expected.slots.second]);
      }),
    );
  });

  it.each([expr.slot('nobody'), expr.norm(expr.hyper('nobody'))])(
    'cannot be one that names what it does not declare',
    (value) => {
      expect(() => lowerRule(ruleOf(value), [])).toThrow("'any' has no 'nobody'");
    },
  );
});
