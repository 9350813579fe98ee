import { runKit } from '../framework/run-kit.js';
import type { TestFramework } from '../framework/test-framework.js';

/** Failing tests of a kit, `title: message`; for specs that show what a kit catches. */
export async function failuresOf(declare: (framework: TestFramework) => void): Promise<string[]> {
  const results = await runKit(declare);
  return results.flatMap(({ title, failure }) =>
    failure === null ? [] : [`${title}: ${failure}`],
  );
}
