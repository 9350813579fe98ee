/** Field numbers of `ConfigProto` in tensorflow/core/protobuf/config.proto; wire type 0 (varint). */
const INTRA_OP_PARALLELISM_THREADS = 2;
const INTER_OP_PARALLELISM_THREADS = 5;

/**
 * A serialised `tensorflow.ConfigProto` that sets nothing but the sizes of the two thread pools.
 * `intraOp` threads share the work of one op; `interOp` threads run ops beside each other, of which
 * eager execution has none, so one is enough.
 *
 * Written by hand: two varint fields do not justify a protobuf library.
 */
export function threadConfigProto(threads: { intraOp: number; interOp: number }): Uint8Array {
  return Uint8Array.from([
    INTRA_OP_PARALLELISM_THREADS << 3,
    ...varint(threads.intraOp),
    INTER_OP_PARALLELISM_THREADS << 3,
    ...varint(threads.interOp),
  ]);
}

/** Base-128 varint of a non-negative integer below 2^31, least significant group first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}
