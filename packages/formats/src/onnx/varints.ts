import { malformed } from '../errors.js';
import { ONNX } from './onnx-model.js';

/** The bits of a varint as int64. Numbers beyond 2^53 (an "end" of a slice) lose their last digits. */
export function signed(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/**
 * Packed varints.
 *
 * @param origin position of `bytes` in the file, for messages
 * @throws RefoldError `RF-FILE-MALFORMED`
 */
export function varintsAt(bytes: Uint8Array, origin: number, path: string): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at;
    // Most numbers are small; big integers would make long lists slow.
    let low = 0;
    let high = 0n;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63) {
        const received = byte === undefined ? 'the end' : 'more';
        throw malformed(
          path,
          origin + start,
          ONNX,
          'A number is cut off or too long.',
          'at most 10 bytes',
          received,
        );
      }
      if (shift < 28) low += (byte & 0x7f) * 2 ** shift;
      else high |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) break;
    }
    values.push(BigInt.asUintN(64, high | BigInt(low)));
  }
  return values;
}
