import { spawnSync } from 'node:child_process';
import { describe, it } from '@jest/globals';

/** The Python that specs may hold results against, with the modules that they need. */
const python = process.env['REFOLD_PYTHON'];

/** Tests that need REFOLD_PYTHON with these modules; else one skipped test that says why. */
export function describeWithPython(
  title: string,
  modules: readonly string[],
  body: (run: (script: string, input: unknown) => unknown) => void,
): void {
  const reason = missing(modules);
  if (reason === null) describe(title, () => body(runPython));
  else describe(title, () => it.skip(reason, () => undefined));
}

function missing(modules: readonly string[]): string | null {
  if (!python) return 'REFOLD_PYTHON names no Python';
  const { status } = spawnSync(python, ['-c', `import ${modules.join(', ')}`]);
  return status === 0 ? null : `${python} has not all of ${modules.join(', ')}`;
}

/** @param script reads JSON as `given`, sets `answer` */
function runPython(script: string, input: unknown): unknown {
  const whole = `import json, sys\ngiven = json.load(sys.stdin)\n${script}\nprint("\\n" + json.dumps(answer))`;
  const { stdout, stderr, status } = spawnSync(python ?? '', ['-c', whole], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
