/**
 * Numbers that a rank brings into a collective: multiples of 1/64 under 1024, so that sums over ranks are exact in
 * float32 as in float64, whatever their order. No two ranks have the same.
 */
export function valuesOfRank<A extends Float32Array | Float64Array>(values: A, rank: number): A {
  for (let i = 0; i < values.length; i++)
    values[i] = (((i * 7919 + rank * 104_729) % 131_071) - 65_535) / 64;
  return values;
}

/** Exact sums of {@link valuesOfRank} over the first `size` ranks. */
export function sumsOfRanks(length: number, size: number): Float64Array {
  const sums = new Float64Array(length);
  for (let rank = 0; rank < size; rank++)
    valuesOfRank(new Float64Array(length), rank).forEach((value, i) => (sums[i]! += value));
  return sums;
}

/** Numbers of many magnitudes and both signs that bfloat16 has to round. */
export function roughValuesOfRank(length: number, rank: number): Float32Array {
  return Float32Array.from(
    { length },
    (_, i) => Math.sin(i * 0.37 + rank * 1.7 + 0.1) * 2 ** ((i % 29) - 14),
  );
}
