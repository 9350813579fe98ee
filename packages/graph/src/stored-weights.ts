import { roundHalfEven } from './round-half-even.js';
import type { HostTensor } from './tensor.js';

/**
 * A weight as the eight bits of a {@link Quantisation}: `clamp(round half to even(w / scale), −127, 127)`, so that −128 is
 * never used and products of pairs never overflow 16 bits.
 *
 * @param weight output channels first (OIHW, `[out, in]`)
 * @param scales one per output channel
 * @returns in the weight's order
 */
export function storedWeight(
  { shape, data }: HostTensor,
  scales: readonly number[],
): Int8Array<ArrayBuffer> {
  const each = data.length / (shape[0] ?? 1);
  return Int8Array.from(data, (w, i) => {
    const whole = roundHalfEven(w / (scales[Math.floor(i / each)] as number));
    return Math.min(127, Math.max(-127, whole));
  });
}

/**
 * A bias as int32, in units of what the integer sums count: input scale · weight scale.
 *
 * @param bias `[out]` @param inputScale of the layer's input @param scales of its weight, one per output channel
 */
export function storedBias(
  bias: Float32Array,
  inputScale: number,
  scales: readonly number[],
): Int32Array<ArrayBuffer> {
  return Int32Array.from(bias, (b, o) => {
    const whole = roundHalfEven(b / (inputScale * (scales[o] as number)));
    return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), whole));
  });
}
