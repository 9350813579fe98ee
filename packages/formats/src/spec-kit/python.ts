import { execFileSync } from 'node:child_process';
import { describe } from '@jest/globals';

/**
 * A suite that runs a Python with the libraries which are the measure of ours; skipped, and saying so, where the environment
 * names none.
 *
 * @param variable `REFOLD_PYTHON` (torch, numpy, safetensors) or `REFOLD_MINDSPORE_PYTHON` (mindspore)
 * @param suite gets a function that runs a program with arguments and gives what it prints
 */
export function describeWithPython(
  variable: 'REFOLD_PYTHON' | 'REFOLD_MINDSPORE_PYTHON',
  title: string,
  suite: (python: (program: string, ...args: string[]) => string) => void,
): void {
  const python = process.env[variable];
  const shown = python ? title : `${title} (skipped: ${variable} names no Python)`;
  (python ? describe : describe.skip)(shown, () => {
    suite((program, ...args) =>
      execFileSync(python ?? '', ['-c', program, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  });
}
