import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../lib/root.mjs';
import { repositoryFiles } from '../lib/source-files.mjs';

export const title = 'Source files are named in kebab-case and stay short';

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(spec|d|config|bench))*\.(ts|mts|mjs|js)$/;
const maxLines = 400;

export function problems() {
  return repositoryFiles()
    .filter((path) => /\.(ts|mts|mjs|js)$/.test(path))
    .flatMap((path) => {
      const lines = readFileSync(join(root, path), 'utf8').split('\n').length - 1;
      return [
        ...(kebab.test(basename(path)) ? [] : [`${path}: Expected a file name in kebab-case.`]),
        ...(lines <= maxLines
          ? []
          : [`${path}: Expected at most ${maxLines} lines. Received ${lines}. Split it.`]),
      ];
    });
}
