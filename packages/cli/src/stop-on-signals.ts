import { ExitCode } from './exit-code.js';

/**
 * On the first SIGINT or SIGTERM asks the run to stop at the next step boundary, where it saves a checkpoint;
 * on the second ends the process at once.
 *
 * @param say what to tell the person who asked
 * @returns a function that takes the handlers off again
 */
export function stopOnSignals(stop: () => void, say: (text: string) => void): () => void {
  let asked = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(ExitCode.interrupted);
    asked = true;
    say(`\n${signal}: saving a checkpoint and stopping; once more to stop at once.\n`);
    stop();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return () => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
  };
}
