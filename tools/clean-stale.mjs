/**
 * Removes compiled files whose source is gone. `tsc -b` leaves them, and jest would go on running
 * the tests of code that no longer exists.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './lib/main.mjs';
import { projects } from './lib/projects.mjs';
import { root } from './lib/root.mjs';

const compiled = /\.(js|js\.map|d\.ts|d\.ts\.map)$/;

/** @returns {string[]} what was removed, relative to the root */
export function cleanStale() {
  return projects().flatMap(({ dir }) => cleanProject(dir));
}

function cleanProject(dir) {
  const dist = join(root, dir, 'dist');
  if (!existsSync(dist)) return [];
  const stale = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && compiled.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1))
    .filter((path) => !existsSync(join(root, dir, 'src', path.replace(compiled, '.ts'))));
  for (const path of stale) rmSync(join(dist, path));
  return stale.map((path) => `${dir}/dist/${path}`);
}

await main(import.meta.url, () => {
  for (const path of cleanStale()) process.stdout.write(`removed ${path}\n`);
});
