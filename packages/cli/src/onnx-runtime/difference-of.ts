/** How far one answer is from another. */
export interface AnswerDifference {
  /** Largest |a − b|. */
  readonly maxAbsError: number;
  /** ‖a − b‖₂ / ‖a‖₂; 0 for two equal answers, NaN where lengths differ or a number is none. */
  readonly maxRelError: number;
}

/** Compares two answers to one probe. The same infinity in both is no difference. */
export function answerDifference(
  expected: ArrayLike<number>,
  received: ArrayLike<number>,
): AnswerDifference {
  if (expected.length !== received.length) return { maxAbsError: NaN, maxRelError: NaN };
  let [largest, squares, norm] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (expected[i] === received[i]) {
      if (Number.isFinite(expected[i])) norm += expected[i]! ** 2;
      continue;
    }
    const difference = Math.abs(expected[i]! - received[i]!);
    largest = Math.max(largest, difference);
    squares += difference ** 2;
    norm += expected[i]! ** 2;
  }
  return { maxAbsError: largest, maxRelError: squares === 0 ? 0 : Math.sqrt(squares / norm) };
}

/** The larger of two differences; NaN wins. */
export function worseOf(a: AnswerDifference, b: AnswerDifference): AnswerDifference {
  return {
    maxAbsError: Math.max(a.maxAbsError, b.maxAbsError),
    maxRelError: Math.max(a.maxRelError, b.maxRelError),
  };
}
