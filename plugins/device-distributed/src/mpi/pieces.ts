/** The array in parts of at most so many elements, that share its memory. None for an empty one. */
export function pieces<A extends Float32Array | Float64Array>(values: A, most: number): A[] {
  const count = Math.ceil(values.length / most);
  return Array.from({ length: count }, (_, i) => values.subarray(i * most, (i + 1) * most) as A);
}
