/**
 * An optimizer as data: elementwise expressions over parameter `p`, gradient `g`, named slots and scalars.
 * Devices interpret or compile it. Every array in an expression has the parameter's shape; scalars broadcast.
 */
export type Expression =
  | { readonly op: 'parameter' }
  | { readonly op: 'gradient' }
  | { readonly op: 'slot'; readonly slot: string }
  /** The learning rate given to `update`. */
  | { readonly op: 'rate' }
  /** Number of this update, counted from 1, as a scalar (bias correction). */
  | { readonly op: 'step' }
  | { readonly op: 'constant'; readonly value: number }
  /** A scalar that may differ per parameter (weight decay with a filter): looked up in {@link UpdateRule.hyper}. */
  | { readonly op: 'hyper'; readonly name: string }
  | { readonly op: BinaryOp; readonly a: Expression; readonly b: Expression }
  /** `norm`: 2-norm over the whole tensor, a scalar. */
  | { readonly op: UnaryOp; readonly a: Expression };
export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min';
export type UnaryOp = 'neg' | 'sqrt' | 'abs' | 'sign' | 'exp' | 'norm';

/** `target` ← `value`. Assignments run in order; each sees the results of the ones before it. */
export interface Assignment {
  readonly target: { readonly parameter: true } | { readonly slot: string };
  readonly value: Expression;
}

export interface UpdateRule {
  readonly name: string;
  /** State per parameter, of its shape, filled with `init` at the start. */
  readonly slots: readonly { readonly name: string; readonly init: number }[];
  /** Scalars by name; `perParameter` (full parameter names) overrides `value`. */
  readonly hyper: Readonly<
    Record<
      string,
      { readonly value: number; readonly perParameter?: Readonly<Record<string, number>> }
    >
  >;
  readonly assignments: readonly Assignment[];
}

/** Name under which a slot of a parameter is read, written and stored in checkpoints. */
export function slotTensorName(slot: string, parameter: string): string {
  return `optimizer.${slot}.${parameter}`;
}

/** Name of the scalar (shape `[]`) that holds how many updates were made. */
export const UPDATE_COUNT_NAME = 'optimizer.step';

type Operand = Expression | number;
const lift = (x: Operand): Expression => (typeof x === 'number' ? { op: 'constant', value: x } : x);
const binary =
  (op: BinaryOp) =>
  (a: Operand, b: Operand): Expression => ({ op, a: lift(a), b: lift(b) });
const unary =
  (op: UnaryOp) =>
  (a: Operand): Expression => ({ op, a: lift(a) });

/** Writers for expressions: `expr.mul(expr.rate, expr.gradient)`. Numbers become constants. */
export const expr = {
  parameter: { op: 'parameter' } as Expression,
  gradient: { op: 'gradient' } as Expression,
  rate: { op: 'rate' } as Expression,
  step: { op: 'step' } as Expression,
  slot: (slot: string): Expression => ({ op: 'slot', slot }),
  hyper: (name: string): Expression => ({ op: 'hyper', name }),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  pow: binary('pow'),
  max: binary('max'),
  min: binary('min'),
  neg: unary('neg'),
  sqrt: unary('sqrt'),
  abs: unary('abs'),
  sign: unary('sign'),
  exp: unary('exp'),
  norm: unary('norm'),
};
