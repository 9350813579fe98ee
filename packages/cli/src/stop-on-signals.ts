import { launchedRank } from '@refold/core';
import { ExitCode } from './exit-code.js';

/**
 * On the first SIGINT or SIGTERM (of processes that were started together: SIGUSR1, which launchers pass on, as they end
 * their processes by SIGTERM) asks the run to stop at the next step boundary, where it saves a checkpoint;
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
    // A launcher passes the wish on as SIGUSR1, whatever it was asked by.
    const why = signal === 'SIGUSR1' ? 'Interrupted' : signal;
    say(`\n${why}: saving a checkpoint and stopping; once more to stop at once.\n`);
    stop();
  };
  const signals: readonly NodeJS.Signals[] =
    launchedRank() === null ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGUSR1'];
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
