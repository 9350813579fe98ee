import type { TestFramework } from './test-framework.js';

/** One test of a kit and how it ended. */
export interface KitResult {
  /** Titles of its groups and its own, joined by ` › `. */
  readonly title: string;
  /** Message of the failure; null when it passed. */
  readonly failure: string | null;
}

/**
 * Runs a kit without a test framework and gives its results: to try a plugin from a script, and to test kits.
 *
 * @param declare calls a kit with the framework it is given
 */
export async function runKit(
  declare: (framework: TestFramework) => void,
): Promise<readonly KitResult[]> {
  const tests: { title: string; body: () => Promise<void> }[] = [];
  const groups: string[] = [];
  declare({
    describe(title, body) {
      groups.push(title);
      body();
      groups.pop();
    },
    it: (title, body) => void tests.push({ title: [...groups, title].join(' › '), body }),
  });
  const results: KitResult[] = [];
  for (const { title, body } of tests) results.push({ title, failure: await failureOf(body) });
  return results;
}

async function failureOf(body: () => Promise<void>): Promise<string | null> {
  try {
    await body();
    return null;
  } catch (error) {
    const { message } = error as { message?: unknown };
    return typeof message === 'string' ? message : String(error);
  }
}
