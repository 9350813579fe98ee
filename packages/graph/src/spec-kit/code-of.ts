import { isRefoldError } from '../refold-error.js';

/** Code of the RefoldError that `run` throws; undefined when it throws none. Other errors pass through. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (isRefoldError(error)) return error.code;
    throw error;
  }
  return undefined;
}
