const scratch = new DataView(new ArrayBuffer(4));

/** Values of the 16-bit floating-point types from their bits. Exact: every one of them is a float32. */
export const sixteenBit = {
  /** IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
  fromFloat16(bits: number): number {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  },

  /** bfloat16: the upper half of a float32. */
  fromBfloat16(bits: number): number {
    scratch.setUint16(0, bits);
    scratch.setUint16(2, 0);
    return scratch.getFloat32(0);
  },
};
