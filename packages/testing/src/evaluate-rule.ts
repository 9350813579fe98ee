import type { Assignment, Expression, UpdateRule } from '@refold/graph';

/** A parameter under an update rule, in float64. */
export interface RuleState {
  /** Full parameter name, for hyper-parameters that differ per parameter. */
  readonly name: string;
  readonly parameter: Float64Array;
  /** By slot name; each as long as `parameter`. */
  readonly slots: Readonly<Record<string, Float64Array>>;
}

/** One update: the gradient (as long as the parameter), the learning rate and the update's number, from 1. */
export interface RuleStep {
  readonly gradient: ArrayLike<number>;
  readonly rate: number;
  readonly step: number;
}

/** A parameter's state before the first update: its values and its slots at their initial values. Copies. */
export function initialRuleState(
  rule: UpdateRule,
  name: string,
  parameter: ArrayLike<number>,
): RuleState {
  const slots: Record<string, Float64Array> = {};
  for (const { name: slot, init } of rule.slots)
    slots[slot] = new Float64Array(parameter.length).fill(init);
  return { name, parameter: Float64Array.from(parameter), slots };
}

/**
 * Runs an update rule once on plain arrays, in float64: the meaning of {@link UpdateRule} in the fewest words, to
 * test optimizers without a device and devices against it. The given state is not changed.
 *
 * @throws Error for an expression that names a slot or hyper-parameter that the rule does not declare
 */
export function evaluateRule(rule: UpdateRule, state: RuleState, update: RuleStep): RuleState {
  return rule.assignments.reduce((current: RuleState, { target, value }: Assignment) => {
    const result = evaluate(value, rule, current, update);
    const length = current.parameter.length;
    const whole = typeof result === 'number' ? new Float64Array(length).fill(result) : result;
    if ('parameter' in target) return { ...current, parameter: whole };
    declared(current.slots[target.slot], `slot '${target.slot}'`);
    return { ...current, slots: { ...current.slots, [target.slot]: whole } };
  }, state);
}

/** A scalar or an array of the parameter's length. */
type Value = number | Float64Array;

function evaluate(e: Expression, rule: UpdateRule, state: RuleState, update: RuleStep): Value {
  switch (e.op) {
    case 'parameter':
      return state.parameter;
    case 'gradient':
      return Float64Array.from(update.gradient);
    case 'slot':
      return declared(state.slots[e.slot], `slot '${e.slot}'`);
    case 'rate':
      return update.rate;
    case 'step':
      return update.step;
    case 'constant':
      return e.value;
    case 'hyper': {
      const hyper = declared(rule.hyper[e.name], `hyper-parameter '${e.name}'`);
      return hyper.perParameter?.[state.name] ?? hyper.value;
    }
    case 'norm': {
      const a = evaluate(e.a, rule, state, update);
      return Math.hypot(...(typeof a === 'number' ? [a] : a));
    }
    case 'neg':
    case 'sqrt':
    case 'abs':
    case 'sign':
    case 'exp':
      return map(unary[e.op], evaluate(e.a, rule, state, update));
    default: {
      const a = evaluate(e.a, rule, state, update);
      return zip(binary[e.op], a, evaluate(e.b, rule, state, update));
    }
  }
}

const unary = {
  neg: (a: number) => -a,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: Math.sign,
  exp: Math.exp,
};
const binary = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  pow: Math.pow,
  max: Math.max,
  min: Math.min,
};

function map(f: (a: number) => number, a: Value): Value {
  return typeof a === 'number' ? f(a) : a.map(f);
}

function zip(f: (a: number, b: number) => number, a: Value, b: Value): Value {
  if (typeof a === 'number') return typeof b === 'number' ? f(a, b) : b.map((y) => f(a, y));
  return typeof b === 'number' ? a.map((x) => f(x, b)) : a.map((x, i) => f(x, b[i]!));
}

function declared<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The update rule does not declare the ${what}.`);
  return value;
}
