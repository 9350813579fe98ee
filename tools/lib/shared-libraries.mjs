import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What every Linux that runs Node has, because Node needs it itself: the C and C++ runtimes. All else a binary either
 * brings along or asks the user to install.
 */
const everywhere =
  /^(linux-vdso|ld-linux|libc|libm|libdl|librt|libpthread|libutil|libstdc\+\+|libgcc_s)[.-]/;

/**
 * Shared libraries that a binary needs, directly or not, beyond those that are everywhere.
 *
 * @param {string} binary
 * @param {string | null} libraryFolder looked into before the system's folders
 * @returns {{ name: string, path: string }[]} `name`: what the binary asks for; `path`: the file, links resolved
 */
export function neededLibraries(binary, libraryFolder = null) {
  const env = { ...process.env, ...(libraryFolder ? { LD_LIBRARY_PATH: libraryFolder } : {}) };
  const lines = execFileSync('ldd', [binary], { encoding: 'utf8', env }).split('\n');
  return lines.flatMap((line) => {
    const [, name, path] = line.match(/^\s*(\S+) => (not found|\S+)/) ?? [];
    if (!name || everywhere.test(name)) return [];
    if (path === 'not found')
      throw new Error(`${basename(binary)} needs ${name}, which is not found.`);
    return [{ name, path: realpathSync(path) }];
  });
}

/**
 * Files with the licence of a library: those of the Debian package that it comes from, or what its own prefix has in
 * `share/doc`.
 *
 * @param {string} library a path, links resolved
 * @param {string | null} prefix where the library was installed by hand
 * @returns {{ name: string, path: string }[]} `name`: for the copy
 * @throws {Error} where there is none: what has no licence is not shipped
 */
export function licencesOf(library, prefix = null) {
  if (prefix && library.startsWith(`${realpathSync(prefix)}/`)) {
    const folder = join(prefix, 'share', 'doc');
    const found = ['dnnl', 'onednn', 'oneDNN']
      .flatMap((product) => ['LICENSE', 'THIRD-PARTY-PROGRAMS'].map((file) => [product, file]))
      .map(([product, file]) => ({
        name: `${product.toLowerCase()}-${file}.txt`,
        path: join(folder, product, file),
      }))
      .filter(({ path }) => existsSync(path));
    if (found.length > 0) return found;
  } else {
    const owner = packageOf(library);
    const path = `/usr/share/doc/${owner}/copyright`;
    if (owner && existsSync(path)) return [{ name: `${owner}.txt`, path }];
  }
  throw new Error(`The licence of ${library} was not found: it cannot be shipped.`);
}

/** @returns {string | null} the Debian package that a file belongs to */
function packageOf(path) {
  // dpkg knows /usr/lib/… by the path that it had before /lib became a link.
  for (const known of [path, path.replace(/^\/usr\//, '/')]) {
    try {
      const text = execFileSync('dpkg', ['--search', known], { encoding: 'utf8', stdio: 'pipe' });
      return text.split(':')[0] ?? null;
    } catch {
      // Not by this name.
    }
  }
  return null;
}
