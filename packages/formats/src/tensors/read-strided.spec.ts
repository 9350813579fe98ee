import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endOfView, overlapsItself, readStrided, type StridedView } from './read-strided.js';

/** The definition: element (i, j, …) lies at offset + i·s₀ + j·s₁ + … */
function naive(storage: Uint8Array, { offset, shape, strides, elementBytes }: StridedView) {
  const result: number[] = [];
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) {
      result.push(...storage.subarray(at * elementBytes, (at + 1) * elementBytes));
      return;
    }
    for (let i = 0; i < shape[axis]!; i++) visit(axis + 1, at + i * strides[axis]!);
  };
  visit(0, offset);
  return result;
}

const view = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(4), fc.nat(30)), { maxLength: 4 }),
    fc.nat(5),
    fc.constantFrom(1, 2, 4, 8),
  )
  .map(([axes, offset, elementBytes]): StridedView => ({
    offset,
    shape: axes.map(([size]) => size),
    strides: axes.map(([, stride]) => stride),
    elementBytes: elementBytes,
  }));

describe('readStrided', () => {
  it('gives what the definition gives, and asks for nothing beyond the end', async () => {
    await fc.assert(
      fc.asyncProperty(view, async (one) => {
        const length = Math.max(endOfView(one), one.offset) * one.elementBytes;
        const storage = Uint8Array.from({ length }, (_, i) => (i * 31) % 251);
        const read = (at: number, count: number) => {
          expect(at + count).toBeLessThanOrEqual(length);
          return Promise.resolve(storage.slice(at, at + count));
        };
        expect([...(await readStrided(read, one))]).toEqual(naive(storage, one));
      }),
      { numRuns: 500 },
    );
  });

  it('takes pieces of a Buffer that lie at odd addresses', async () => {
    for (const elementBytes of [2, 4, 8] as const) {
      const storage = Uint8Array.from({ length: 6 * elementBytes }, (_, i) => i);
      const odd = Buffer.from(new ArrayBuffer(storage.length + 1), 1);
      odd.set(storage);
      const read = (at: number, count: number) => Promise.resolve(odd.subarray(at, at + count));
      const fortran: StridedView = { offset: 0, shape: [2, 3], strides: [1, 2], elementBytes };
      expect([...(await readStrided(read, fortran))]).toEqual(naive(storage, fortran));
    }
  });

  it('holds a window, not the storage', async () => {
    const rows = 64;
    const width = 1 << 20;
    let largest = 0;
    const read = (at: number, count: number) => {
      largest = Math.max(largest, count);
      const bytes = new Uint8Array(count);
      for (let i = 0; i < count; i += 4) {
        if ((at + i) % (width * 4) === 0) bytes[i] = (at + i) / (width * 4);
      }
      return Promise.resolve(bytes);
    };
    const column: StridedView = { offset: 0, shape: [rows], strides: [width], elementBytes: 4 };
    const data = new Uint32Array((await readStrided(read, column)).buffer);
    expect([...data]).toEqual(Array.from({ length: rows }, (_, i) => i));
    expect(largest).toBeLessThanOrEqual(1 << 22);
  });

  it.each<[string, number[], number[], boolean]>([
    ['row-major', [2, 3], [3, 1], false],
    ['transposed', [3, 2], [1, 3], false],
    ['expanded', [3, 2], [0, 1], false],
    ['windows over windows', [4, 3], [1, 1], true],
    ['rows that reach into the next', [2, 3], [2, 1], true],
  ])('knows whether a view overlaps itself: %s', (_, shape, strides, expected) => {
    expect(overlapsItself({ offset: 0, shape, strides, elementBytes: 4 })).toBe(expected);
  });
});
