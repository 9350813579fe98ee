import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projects, readJson } from '../lib/projects.mjs';
import { root } from '../lib/root.mjs';

export const title = 'TypeScript references follow package dependencies';

/** The references each tsconfig.json must have, by its path from the root. @returns {Map<string, { path: string }[]>} */
export function expectedReferences() {
  const all = projects().filter(({ dir }) => existsSync(join(root, dir, 'tsconfig.json')));
  const dirOf = new Map(all.map(({ name, dir }) => [name, dir]));
  const expected = new Map();
  for (const { dir, manifest } of all) {
    const needed = Object.keys({
      ...manifest.dependencies,
      ...manifest.peerDependencies,
      ...manifest.devDependencies,
    });
    const up = dir.split('/').map(() => '..');
    expected.set(
      `${dir}/tsconfig.json`,
      needed
        .filter((name) => dirOf.has(name))
        .map((name) => ({ path: [...up, dirOf.get(name)].join('/') }))
        .sort(byPath),
    );
  }
  expected.set('tsconfig.json', all.map(({ dir }) => ({ path: dir })).sort(byPath));
  return expected;
}

export function problems() {
  return [...expectedReferences()].flatMap(([file, expected]) => {
    const received = (readJson(file).references ?? []).map(({ path }) => ({ path })).sort(byPath);
    if (JSON.stringify(received) === JSON.stringify(expected)) return [];
    return [
      `${file}: Expected references to ${list(expected)}. Received ${list(received)}. ` +
        'Run `node tools/write-references.mjs`.',
    ];
  });
}

const byPath = (a, b) => (a.path < b.path ? -1 : 1);
const list = (references) => references.map(({ path }) => path).join(', ') || 'nothing';
