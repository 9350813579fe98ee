import type { Value } from '@refold/graph';
import { near, plain, ratio, type Affine, type Constant, type Known } from './known.js';
import type { ReadCall } from './network-reader.js';

/** `Add`, `Sub`, `Mul` and `Div` of a value and a constant, or of two values. */
export function readArithmetic(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const [a, b] = inputs;
  if (a?.kind === 'affine' && b?.kind === 'affine') return ofValues(call, a, b);
  if (a?.kind === 'affine' && b?.kind === 'constant') {
    return withConstant(call, a, numbersFor(call, a, b), false);
  }
  if (a?.kind === 'constant' && b?.kind === 'affine') {
    return withConstant(call, b, numbersFor(call, b, a), true);
  }
  return reader.unsupported(node, 'its inputs are no values of the network');
}

/** A constant as one number for all channels, or one for each. */
function numbersFor({ node, reader }: ReadCall, { base }: Affine, constant: Constant) {
  const numbers = Array.from(constant.data);
  if (numbers.length === 1) return numbers;
  const [channels = 0] = base.shape;
  const shape = constant.shape.slice();
  // Without the batch and axes before it.
  while (shape.length > base.shape.length && shape[0] === 1) shape.shift();
  const [first, ...rest] = shape;
  const aligned = shape.length === base.shape.length && rest.every((size) => size === 1);
  if (!aligned || first !== channels) {
    reader.unsupported(node, `a constant [${constant.shape.join(', ')}] is not one per channel`);
  }
  return numbers;
}

function withConstant(
  { node, reader }: ReadCall,
  affine: Affine,
  numbers: readonly number[],
  constantFirst: boolean,
): Affine {
  const { scale, shift } = affine;
  const each = (list: readonly number[], f: (x: number, c: number) => number) =>
    Array.from({ length: Math.max(list.length, numbers.length) }, (_, i) =>
      f(list[list.length === 1 ? 0 : i]!, numbers[numbers.length === 1 ? 0 : i]!),
    );
  switch (node.opType) {
    case 'Add':
      return { ...affine, shift: each(shift, (x, c) => x + c) };
    case 'Sub': {
      if (!constantFirst) return { ...affine, shift: each(shift, (x, c) => x - c) };
      return { ...affine, scale: scale.map((x) => -x), shift: each(shift, (x, c) => c - x) };
    }
    case 'Mul':
      return {
        ...affine,
        scale: each(scale, (x, c) => x * c),
        shift: each(shift, (x, c) => x * c),
      };
    default: {
      if (constantFirst) reader.unsupported(node, 'a constant is divided by a value');
      return {
        ...affine,
        scale: each(scale, (x, c) => x / c),
        shift: each(shift, (x, c) => x / c),
      };
    }
  }
}

function ofValues(call: ReadCall, a: Affine, b: Affine): Known {
  const { node, reader } = call;
  const whole = node.opType === 'Mul' && (activation(call, a, b) ?? activation(call, b, a));
  if (whole) return whole;
  const [x, y] = [reader.settle(node, a), reader.settle(node, b)];
  const name = () => reader.names.name(node);
  if (node.opType === 'Add') return plain(reader.add('add', name(), [x, y], {}));
  if (node.opType === 'Sub') {
    return plain(reader.add('weighted_sum', name(), [x, y], { factors: [1, -1] }));
  }
  if (node.opType !== 'Mul') {
    return reader.unsupported(node, 'there is no op for the quotient of two values');
  }
  const gatedBy = (value: Value, gate: Value): boolean =>
    reader.opOf(gate) === 'sigmoid' && reader.inputOf(gate)?.name === value.name;
  if (gatedBy(x, y)) return plain(reader.add('silu', name(), [x], {}));
  if (gatedBy(y, x)) return plain(reader.add('silu', name(), [y], {}));
  const [values, factors] = perChannel(x, y) ? [y, x] : [x, y];
  return plain(reader.add('mul', name(), [values, factors], {}));
}

/** True where x holds one number for each channel of y. */
function perChannel(x: Value, y: Value): boolean {
  const [, height, width] = x.shape;
  return height === 1 && width === 1 && (y.shape[1] !== 1 || y.shape[2] !== 1);
}

/** The product of a value and a function of it, where that is a GELU or a hard swish, or will be with a factor. */
function activation({ node, reader }: ReadCall, x: Affine, gate: Affine): Affine | undefined {
  const { base, argument, core, scale, shift } = gate;
  if (!argument || x.core !== 'x' || x.base.name !== base.name) return undefined;
  const k = ratio(x, argument);
  if (k === undefined || scale.length !== 1 || shift.length !== 1) return undefined;
  const fits = core === 'erf' ? near(shift[0]!, scale[0]!) : core === 'hard' && shift[0] === 0;
  if (!fits) return undefined;
  // What x holds is exact; the argument went through a rounded √2.
  const whole = reader.settle(node, near(k, 1) ? x : { ...plain(base), ...argument });
  const factor = near(k, 1) ? 1 : k;
  return { ...plain(whole), core: core === 'erf' ? 'xerf' : 'xhard', scale: [scale[0]! * factor] };
}
