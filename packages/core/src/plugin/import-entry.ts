import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What an import in Node chooses among; `.` is the package itself. */
const CONDITIONS = new Set(['.', 'node', 'import', 'module-sync', 'default']);

/**
 * The file that `import NAME` would load, for packages that `require.resolve` refuses because their `exports` have no
 * entry for `require`.
 *
 * @param name of a package
 * @param folders `node_modules` folders to look in, nearest first
 * @returns undefined where no entry is for imports
 */
export function importEntry(name: string, folders: readonly string[]): string | undefined {
  const folder = folders
    .map((one) => path.join(one, name))
    .find((one) => existsSync(path.join(one, 'package.json')));
  if (folder === undefined) return undefined;
  const text = readFileSync(path.join(folder, 'package.json'), 'utf8');
  const target = targetOf((JSON.parse(text) as { exports?: unknown }).exports);
  return target === undefined ? undefined : path.join(folder, target);
}

/** As Node does: the first condition, in the order of the file, that holds and leads somewhere. */
function targetOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  for (const [condition, value] of Object.entries(exports)) {
    const target = CONDITIONS.has(condition) ? targetOf(value) : undefined;
    if (target !== undefined) return target;
  }
  return undefined;
}
