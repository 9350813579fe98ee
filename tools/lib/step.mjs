import { performance } from 'node:perf_hooks';

/**
 * Runs one step of a tool and says, on stderr, what it does and how long it took, so that stdout stays
 * for results. Errors pass through.
 *
 * @template T
 * @param {string} title what is being done, as a person would say it
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  process.stderr.write(`▸ ${title} …\n`);
  try {
    const result = await work();
    process.stderr.write(`✓ ${title} (${seconds(started)})\n`);
    return result;
  } catch (error) {
    process.stderr.write(`✗ ${title} (${seconds(started)})\n`);
    throw error;
  }
}

function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
