import { inspect } from 'node:util';
import { isRefoldError } from '@refold/graph';

/** What a person reads on stderr: a user's mistake without a stack trace, ours always with one. */
export function renderError(error: unknown): string {
  if (isRefoldError(error)) return `${error.code}: ${error.message}\n`;
  return [
    inspect(error),
    '',
    'This is a bug in Refold. Please report it with the command line, the lines above',
    `and: Node ${process.version}, ${process.platform} ${process.arch}.`,
    '',
  ].join('\n');
}
