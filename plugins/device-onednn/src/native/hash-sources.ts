import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of everything that the build of the addon reads from this package, and of how it is told to build. */
export function hashSources(packageFolder: string, settings: readonly string[]): string {
  const hash = createHash('sha256').update(settings.join('\n'));
  const native = readdirSync(join(packageFolder, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => join('native', name));
  for (const name of ['CMakeLists.txt', ...native]) {
    hash.update(`\n${name.replaceAll('\\', '/')}\n`);
    hash.update(readFileSync(join(packageFolder, name)));
  }
  return hash.digest('hex');
}
