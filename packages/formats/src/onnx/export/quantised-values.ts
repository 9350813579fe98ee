import { InternalError, type HostTensor, type ValueQuantisation } from '@refold/graph';
import type { Emitter } from './emitter.js';

/** The nearest whole number, halves to the even one, as ONNX and IEEE 754 round. */
export function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Puts a value through eight bits: quantised, and back to float for what reads it. */
export function emitQuantised(
  emitter: Emitter,
  { dtype, scale, zeroPoint }: ValueQuantisation,
  from: string,
  to: string,
): void {
  const values = dtype === 'int8' ? Int8Array.of(zeroPoint) : Uint8Array.of(zeroPoint);
  const parameters = [
    emitter.floats(`${to}_scale`, [], [scale]),
    emitter.integers(`${to}_zero_point`, [], values),
  ];
  const stored = emitter.unique(`${to}_quantized`);
  const node = (opType: string, input: string, output: string): void => {
    const name = emitter.unique(`${output}_${opType}`);
    emitter.node({ opType, name, inputs: [input, ...parameters], output });
  };
  node('QuantizeLinear', from, stored);
  node('DequantizeLinear', stored, to);
}

/**
 * Writes a weight as int8 with a scale for each output channel (axis 0), symmetric:
 * `clamp(round half to even(w / scale), −127, 127)`.
 *
 * @param name of the value that comes back to float: the weight's own
 */
export function emitWeight(
  emitter: Emitter,
  name: string,
  { shape, data }: HostTensor,
  scales: readonly number[],
): void {
  const [channels = 0] = shape;
  if (scales.length !== channels) {
    throw new InternalError(`The weight '${name}' has ${scales.length} scales.`);
  }
  const per = data.length / channels;
  const stored = Int8Array.from(data, (w, i) =>
    Math.max(-127, Math.min(127, roundHalfEven(w / scales[Math.floor(i / per)]!))),
  );
  emitDequantised(emitter, name, shape, stored, scales);
}

/** Writes a bias as int32 at the product of its input's and its weight's scale; the zero point is 0. */
export function emitBias(
  emitter: Emitter,
  name: string,
  { shape, data }: HostTensor,
  scales: readonly number[],
): void {
  const limit = 2 ** 31 - 1;
  const stored = Int32Array.from(data, (b, i) =>
    Math.max(-limit, Math.min(limit, roundHalfEven(b / scales[i]!))),
  );
  emitDequantised(emitter, name, shape, stored, scales);
}

function emitDequantised(
  emitter: Emitter,
  name: string,
  shape: readonly number[],
  stored: Int8Array | Int32Array,
  scales: readonly number[],
): void {
  const channels = [scales.length];
  const zeros =
    stored instanceof Int8Array ? new Int8Array(scales.length) : new Int32Array(scales.length);
  const inputs = [
    emitter.integers(`${name}_quantized`, shape, stored),
    emitter.floats(`${name}_scale`, channels, scales),
    emitter.integers(`${name}_zero_point`, channels, zeros),
  ];
  emitter.node({
    ...{ opType: 'DequantizeLinear', name: emitter.unique(`${name}_DequantizeLinear`), inputs },
    ...{ output: name, attributes: { axis: { int: 0 } } },
  });
}
