import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder `shared` beside the repository, which holds reference data for tests, found by going up from here and
 * from the current folder; null where there is none, as on a machine of a user. Tests that need it are skipped then,
 * and say so.
 */
export function sharedFolder(): string | null {
  return search(import.meta.dirname) ?? search(process.cwd());
}

function search(from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'shared');
    if (existsSync(join(candidate, 'DESIGN.md'))) return candidate;
    if (dirname(folder) === folder) return null;
  }
}
