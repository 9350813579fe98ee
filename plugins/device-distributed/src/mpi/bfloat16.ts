/*
 * Numbers in bfloat16: the upper half of a float32. Its 8 significant bits keep a number within 1/256 of itself.
 */

/** Rounds to the nearest, ties to even; NaN stays NaN. */
export function encodeBfloat16(values: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const isNaN = (x & 0x7fff_ffff) > 0x7f80_0000;
    out[i] = isNaN ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
}

export function decodeBfloat16(values: Uint16Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) bits[i] = values[i]! << 16;
}

/**
 * Adds up arrays that lie one after the other, in float32 and in their order.
 *
 * @param values `[arrays, sums.length]`, in bfloat16
 */
export function sumBfloat16(values: Uint16Array, sums: Float32Array): void {
  const one = new Float32Array(sums.length);
  sums.fill(0);
  for (let start = 0; start < values.length; start += sums.length) {
    decodeBfloat16(values.subarray(start, start + sums.length), one);
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + one[i]!;
  }
}
