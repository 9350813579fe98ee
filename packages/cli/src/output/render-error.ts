import { inspect } from 'node:util';
import { isRefoldError } from '@refold/graph';
import { version } from '../version.js';

/** What a person reads on stderr: a user's mistake without a stack trace, ours always with one. */
export function renderError(error: unknown): string {
  if (isRefoldError(error)) return `${error.code}: ${error.message}\n`;
  return [
    inspect(error),
    '',
    'This is a bug, in Refold or in the plugin that the lines above lead to, not in your input.',
    'Please report it with the command line, those lines',
    `and: Refold ${version}, Node ${process.version}, ${process.platform} ${process.arch}.`,
    '',
  ].join('\n');
}
