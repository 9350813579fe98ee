import { InternalError, type BinaryOp, type Expression, type UnaryOp } from '@refold/graph';
import * as tf from '@tensorflow/tfjs-core';

/** A scalar stays a number as long as it can, so that constants fold in float64. */
export type Operand = tf.Tensor | number;

/** What the leaves of an expression mean for one parameter. */
export interface ExpressionScope {
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  slot(name: string): tf.Tensor;
  readonly rate: number;
  /** Number of this update, from 1. */
  readonly step: number;
  hyper(name: string): number;
  /** A device scalar of this value, shared by all parameters of an update; stays its maker's. */
  scalar(value: number): tf.Tensor;
}

/** Computes an expression of an update rule on tensors. Runs inside a `tf.tidy`; sub-expressions that are one object run once. */
export function evaluateExpression(
  expression: Expression,
  scope: ExpressionScope,
  known = new Map<Expression, Operand>(),
): Operand {
  const before = known.get(expression);
  if (before !== undefined) return before;
  const result = compute();
  known.set(expression, result);
  return result;

  function compute(): Operand {
    switch (expression.op) {
      case 'parameter':
        return scope.parameter;
      case 'gradient':
        return scope.gradient;
      case 'slot':
        return scope.slot(expression.slot);
      case 'rate':
        return scope.rate;
      case 'step':
        return scope.step;
      case 'constant':
        return expression.value;
      case 'hyper':
        return scope.hyper(expression.name);
      default: {
        const a = evaluateExpression(expression.a, scope, known);
        if (!('b' in expression)) return unary(expression.op, a);
        return binary(expression.op, a, evaluateExpression(expression.b, scope, known), scope);
      }
    }
  }
}

const onTensors: Record<BinaryOp, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  pow: tf.pow,
  max: tf.maximum,
  min: tf.minimum,
};

const onNumbers: Record<BinaryOp, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: Math.pow,
  max: Math.max,
  min: Math.min,
};

function binary(op: BinaryOp, a: Operand, b: Operand, scope: ExpressionScope): Operand {
  if (typeof a === 'number' && typeof b === 'number') return onNumbers[op](a, b);
  // What changes nothing costs nothing: a weight decay of 0 is the usual case.
  if (a === 0 && op === 'add') return b;
  if (b === 0 && (op === 'add' || op === 'sub')) return a;
  if (op === 'mul' && (a === 1 || b === 1)) return a === 1 ? b : a;
  if (op === 'div' && b === 1) return a;
  if (op === 'div' && typeof b === 'number') return binary('mul', a, 1 / b, scope);
  const lift = (x: Operand) => (typeof x === 'number' ? scope.scalar(x) : x);
  return onTensors[op](lift(a), lift(b));
}

function unary(op: UnaryOp, a: Operand): Operand {
  const number = typeof a === 'number';
  switch (op) {
    case 'neg':
      return number ? -a : tf.neg(a);
    case 'sqrt':
      return number ? Math.sqrt(a) : tf.sqrt(a);
    case 'abs':
      return number ? Math.abs(a) : tf.abs(a);
    case 'sign':
      return number ? Math.sign(a) : tf.sign(a);
    case 'exp':
      return number ? Math.exp(a) : tf.exp(a);
    case 'norm':
      return number ? Math.abs(a) : tf.sqrt(tf.sum(tf.square(a)));
    default:
      throw new InternalError(`The update rule uses an unknown op '${String(op)}'.`);
  }
}
