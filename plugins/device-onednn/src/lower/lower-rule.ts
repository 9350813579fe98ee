import { InternalError, type Expression, type UpdateRule } from '@refold/graph';
import type { NativeExpression, NativeRule } from '../native/native-program.js';

/** @param parameters full names, by the index that hyper-parameters are looked up with */
export function lowerRule(rule: UpdateRule, parameters: readonly string[]): NativeRule {
  const slots = rule.slots.map(({ name }) => name);
  const hypers = Object.keys(rule.hyper);
  const indexIn = (list: readonly string[], name: string) => {
    const index = list.indexOf(name);
    if (index < 0) throw new InternalError(`The update rule '${rule.name}' has no '${name}'.`);
    return index;
  };
  const lower = (expression: Expression): NativeExpression => {
    switch (expression.op) {
      case 'parameter':
      case 'gradient':
      case 'rate':
      case 'step':
        return { op: expression.op };
      case 'constant':
        return { op: 'constant', value: expression.value };
      case 'slot':
        return { op: 'slot', index: indexIn(slots, expression.slot) };
      case 'hyper':
        return { op: 'hyper', index: indexIn(hypers, expression.name) };
      default: {
        const a = lower(expression.a);
        return 'b' in expression
          ? { op: expression.op, a, b: lower(expression.b) }
          : { op: expression.op, a };
      }
    }
  };
  return {
    slots: rule.slots.map(({ init }) => init),
    hyper: hypers.map((name) => {
      const { value, perParameter } = rule.hyper[name] as UpdateRule['hyper'][string];
      return parameters.map((parameter) => perParameter?.[parameter] ?? value);
    }),
    assignments: rule.assignments.map(({ target, value }) => ({
      target: 'slot' in target ? indexIn(slots, target.slot) : -1,
      value: lower(value),
    })),
  };
}
