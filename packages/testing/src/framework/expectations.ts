import { AssertionError } from 'node:assert/strict';

/** Fails with what is wrong, then *Expected … Received …*. */
export function failExpectation(what: string, expected: unknown, received: unknown): never {
  throw new AssertionError({
    message: `${what}\nExpected ${text(expected)}\nReceived ${text(received)}`,
    expected,
    actual: received,
    operator: 'strictEqual',
  });
}

/** Equal as JSON: for numbers, texts and plain data. */
export function expectEqual(received: unknown, expected: unknown, what: string): void {
  if (text(received) !== text(expected)) failExpectation(what, expected, received);
}

export function expectThat(
  holds: boolean,
  what: string,
  expected: unknown,
  received: unknown,
): void {
  if (!holds) failExpectation(what, expected, received);
}

/** Equal element by element and bit by bit (NaN equals NaN, 0 does not equal −0). Arrays of other realms are fine. */
export function expectSameNumbers(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
): void {
  expectEqual(received.length, expected.length, `${what} (number of values)`);
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(received[i], expected[i]))
      failExpectation(`${what}, at index ${i}`, expected[i], received[i]);
}

/**
 * Near in the 2-norm: ‖received − expected‖ ≤ tolerance · max(‖expected‖, floor).
 *
 * @param floor below it a norm counts as noise, not as size; for gradients that are zero by construction
 */
export function expectClose(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  floor = 0,
): void {
  expectEqual(received.length, expected.length, `${what} (number of values)`);
  let difference = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(received[i]! - expected[i]!);
    if (!(error <= Math.abs(received[worst]! - expected[worst]!))) worst = i;
    difference += error ** 2;
  }
  const size = Math.max(norm(expected), floor);
  // Written so that NaN fails.
  if (Math.sqrt(difference) <= tolerance * size) return;
  failExpectation(
    `${what}: off by ${(Math.sqrt(difference) / size).toExponential(1)} relative (2-norm), most at index ${worst}`,
    `${expected[worst]} there, within ${tolerance} overall`,
    received[worst],
  );
}

/** 2-norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** Rejects with an error of this code. */
export async function expectCode(
  promise: Promise<unknown>,
  code: string,
  what: string,
): Promise<void> {
  const received = await promise.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code ?? String(error),
  );
  expectEqual(received, code, what);
}

function text(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? typeof value;
}
