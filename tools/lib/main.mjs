import { pathToFileURL } from 'node:url';
import { CommandFailed } from './run-command.mjs';

/**
 * Runs a tool's work when its file is the one that node was given; does nothing when it was imported.
 * A command that failed has said why itself, so it ends the tool with its exit code and without a stack trace.
 *
 * @param {string} url the tool's `import.meta.url`
 * @param {() => void | Promise<void>} work
 */
export async function main(url, work) {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
