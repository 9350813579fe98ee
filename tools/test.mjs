/**
 * `npm test`: set-up, then every test. Arguments go to jest (`npm test -- packages/graph`).
 * Works as the first command after a clone. The last line is `N passed, N failed, N skipped`.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { judgesEnvironment } from './lib/judges.mjs';
import { main } from './lib/main.mjs';
import { root } from './lib/root.mjs';
import { runCommand } from './lib/run-command.mjs';
import { step } from './lib/step.mjs';
import { setUp } from './setup.mjs';

const resultsFile = join(root, '.cache/jest-results.json');

await main(import.meta.url, async () => {
  const jestArgs = process.argv.slice(2);
  await setUp({ tensorFlow: jestArgs.length === 0, mpi: jestArgs.length === 0 });
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(resultsFile, { force: true });
  const exitCode = await step('Testing (jest)', () => jest(jestArgs));
  process.stdout.write(`${closingLine(JSON.parse(readFileSync(resultsFile, 'utf8')))}\n`);
  process.exitCode = exitCode;
});

/** @returns {Promise<number>} jest's exit code, 0 or 1 */
async function jest(args) {
  const { exitCode } = await runCommand(
    'node',
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      // The JSON that jest prints on stdout is captured and left: the file has it too.
      '--json',
      `--outputFile=${resultsFile}`,
      '--passWithNoTests',
      ...args,
    ],
    { capture: true, acceptCodes: [0, 1], env: judgesEnvironment() },
  );
  return exitCode;
}

/** The plain line that continuous integration reads. */
function closingLine(results) {
  // A file that cannot be loaded has no failed test in it, but it is a failure all the same.
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  return `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
}
