import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/root.mjs';
import { repositoryFiles } from '../lib/source-files.mjs';

export const title = 'Nothing of one machine is committed';

const text = /\.(ts|mts|mjs|js|json|md|ya?ml|npmrc|sh)$|\/run$|^\.npmrc$/;
/** Home folders, workspaces and temporary folders. Documentation writes `/path/to/…`. */
const machinePath =
  /(?<![\w.])\/(?:home|root|work|Users|private|mnt\/[a-z]+)\/[\w.-]+|(?<![\w.])\/tmp\/[\w-]+/;
const loopback = /\b(?:localhost|127\.0\.0\.1|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+):\d{2,5}\b/;
const unfinished = /\b(?:TODO|FIXME|XXX|HACK)\b/;
/** This file holds the patterns themselves. */
const exempt = ['tools/checks/hygiene.mjs'];

export function problems() {
  return repositoryFiles()
    .filter((path) => text.test(path) && !exempt.includes(path))
    .flatMap((path) => {
      const content = readFileSync(join(root, path), 'utf8');
      return path === 'package-lock.json' ? lockProblems(content) : fileProblems(path, content);
    });
}

function fileProblems(path, content) {
  return content.split('\n').flatMap((line, index) => {
    const at = `${path}:${index + 1}`;
    return [
      ...(machinePath.test(line) ? [`${at}: a path of one machine: ${line.trim()}`] : []),
      ...(loopback.test(line) ? [`${at}: a host of one machine: ${line.trim()}`] : []),
      ...(unfinished.test(line) ? [`${at}: unfinished: ${line.trim()}`] : []),
    ];
  });
}

function lockProblems(content) {
  const hosts = content.match(/"resolved": "(?:https?|git\+[a-z]+):[^"]*"/g) ?? [];
  return hosts.length === 0
    ? []
    : [
        `package-lock.json: Expected no registry hosts (.npmrc: omit-lockfile-registry-resolved). Received ${hosts[0]} and ${hosts.length - 1} more.`,
      ];
}
