/**
 * Turns elements of `elementBytes` bytes from big-endian to little-endian or back, in place.
 *
 * @returns the same bytes
 */
export function swapBytes(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (elementBytes === 2) buffer.swap16();
  else if (elementBytes === 4) buffer.swap32();
  else if (elementBytes === 8) buffer.swap64();
  return bytes;
}
