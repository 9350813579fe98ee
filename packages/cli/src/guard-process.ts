import { InternalError } from '@refold/graph';
import { exitCodeOf } from './exit-code.js';
import { renderError } from './output/render-error.js';

/**
 * Makes what escapes every promise of the process end it as any other error does (DESIGN §10), where Node would
 * print it its own way and exit with 1; and lets a reader of stdout leave early (`refold config | head`).
 *
 * @returns to be called when the command is done: a process that ends before has lost a promise, which is a bug
 */
export function guardProcess(): () => void {
  const lost = (): void => {
    const error = new InternalError(
      'The process had nothing left to do before the command was done.',
    );
    process.stderr.write(renderError(error));
    process.exit(exitCodeOf(error));
  };
  process.once('beforeExit', lost);
  process.on('uncaughtException', (error) => {
    process.stderr.write(renderError(error));
    process.exit(exitCodeOf(error));
  });
  const gone = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE';
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!gone(error)) throw error;
    process.exit(process.exitCode);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    // A run goes on without those who watched it.
    if (!gone(error)) throw error;
  });
  return () => void process.off('beforeExit', lost);
}
