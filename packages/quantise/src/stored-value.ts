import { roundHalfEven, type ValueQuantisation } from '@refold/graph';

/** Least and largest stored number of a dtype. */
export function storedBounds(dtype: ValueQuantisation['dtype']): readonly [number, number] {
  return dtype === 'uint8' ? [0, 255] : [-128, 127];
}

/**
 * A real value in eight bits, less its zero point: `round half to even(x / scale)` in float32, clamped to what the dtype
 * holds (ONNX QuantizeLinear).
 */
export function toStored(x: number, { dtype, scale, zeroPoint }: ValueQuantisation): number {
  const [low, high] = storedBounds(dtype);
  return clamp(roundHalfEven(Math.fround(x / scale)), low - zeroPoint, high - zeroPoint);
}

/**
 * An integer sum in eight bits, less the zero point: the sum as float32 times one float32 factor, rounded half to even,
 * clamped: what processors do with a vector of sums, and onnxruntime too.
 *
 * @param factor {@link requantisationFactor} @param isRelu whether negative results become 0
 */
export function requantised(
  sum: number,
  factor: number,
  { dtype, zeroPoint }: ValueQuantisation,
  isRelu: boolean,
): number {
  const [low, high] = storedBounds(dtype);
  const least = isRelu ? Math.max(0, low - zeroPoint) : low - zeroPoint;
  return roundHalfEven(clamp(Math.fround(Math.fround(sum) * factor), least, high - zeroPoint));
}

/** input scale · weight scale / output scale, rounded to float32 after each operation. */
export function requantisationFactor(input: number, weight: number, output: number): number {
  return Math.fround(Math.fround(input * weight) / output);
}

/** The real value of what is stored, less its zero point, as float32. */
export function realOf(stored: number, { scale }: ValueQuantisation): number {
  return Math.fround(stored * scale);
}

function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
