import { readFile } from 'node:fs/promises';
import { badClassNames } from './recognise/errors.js';

/**
 * Class names of a file: a JSON list of names, or one name per line.
 *
 * @throws RefoldError `RF-IMPORT-CLASSES` for a file that cannot be read or holds something else
 */
export async function readClassNames(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw badClassNames(file, 'a file that can be read', (error as Error).message);
  }
  if (/^\s*[[{]/.test(text)) return namesOfJson(file, text);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function namesOfJson(file: string, text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badClassNames(file, 'a JSON list of names', (error as Error).message);
  }
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  const received = Array.isArray(value) ? `a list with ${JSON.stringify(value[0])}` : 'an object';
  throw badClassNames(file, 'a JSON list of names', received.slice(0, 100));
}
