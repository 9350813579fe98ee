/** What a conformance kit needs of a test framework; jest, vitest, mocha and node:test all have it. */
export interface TestFramework {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

/**
 * The framework given, or else the global `describe` and `it` (jest; vitest with `globals: true`; mocha).
 *
 * @example
 * import { describe, it } from 'node:test';
 * describeOptimizer('my optimizer', make, { framework: { describe, it } });
 * @throws Error when there is neither
 */
export function frameworkOf(given?: TestFramework): TestFramework {
  if (given) return given;
  const { describe, it } = globalThis as Partial<TestFramework>;
  if (typeof describe !== 'function' || typeof it !== 'function') {
    throw new Error(
      "A conformance kit found no test framework.\nExpected global functions describe and it\nReceived neither\nGive them: { framework: { describe, it } }, imported from 'vitest' or 'node:test'.",
    );
  }
  return { describe, it };
}

/** Options that every kit takes. */
export interface KitOptions {
  /** Default: the global `describe` and `it`. */
  readonly framework?: TestFramework;
}
