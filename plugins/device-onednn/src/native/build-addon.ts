import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { buildFailed } from '../errors.js';
import { packageFolder as ownFolder } from './addon-path.js';
import { hashSources } from './hash-sources.js';
import { provideBuildTools } from './provide-build-tools.js';
import { runTool } from './run-tool.js';

export interface BuildOptions {
  /** Takes a line of progress. */
  readonly report?: (line: string) => void;
  /** Folder that CMake builds in, below the package; default `build`. */
  readonly folder?: string;
  /** More definitions for CMake (`REFOLD_SANITIZE=ON`). */
  readonly definitions?: readonly string[];
  /** Environment of the tools; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Folder with CMakeLists.txt and `native`; default: this package. */
  readonly packageFolder?: string;
}

export interface BuiltAddon {
  readonly path: string;
  /** True where it was built from these sources before. */
  readonly present: boolean;
}

/**
 * Builds the addon from the sources in this package with CMake, unless it was built from the same ones before. One that
 * is stopped in the middle goes on the next time.
 *
 * @throws RefoldError `RF-SETUP-ONEDNN-TOOLS`, `RF-SETUP-ONEDNN-INSTALL`, `RF-SETUP-ONEDNN-BUILD`,
 * `RF-SETUP-ONEDNN-PLATFORM`
 */
export async function buildAddon(options: BuildOptions = {}): Promise<BuiltAddon> {
  const { report = () => undefined, definitions = [], env = process.env } = options;
  const { packageFolder = ownFolder, folder = 'build' } = options;
  const build = join(packageFolder, folder);
  const path = join(build, 'refold_onednn.node');
  const stamp = join(build, 'sources.sha256');
  const hash = hashSources(packageFolder, definitions);
  const known = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (known === hash && existsSync(path)) return { path, present: true };
  await provideBuildTools(env, report);
  mkdirSync(build, { recursive: true });
  rmSync(stamp, { force: true });
  // What another clone or an older oneDNN left in the cache would win over what is there now.
  rmSync(join(build, 'CMakeCache.txt'), { force: true });
  report('Compiling the native addon, which takes a minute or two.');
  const settings = [
    'CMAKE_BUILD_TYPE=Release',
    `NODE_ADDON_API_DIR=${folderOf('node-addon-api')}`,
    `NODE_API_HEADERS_DIR=${folderOf('node-api-headers')}`,
    ...definitions,
  ];
  const flags = settings.map((setting) => `-D${setting}`);
  await cmake(['-S', packageFolder, '-B', build, ...flags], env);
  const jobs = String(availableParallelism());
  await cmake(['--build', build, '--parallel', jobs], env, (line) => {
    if (/^\[ *\d+%\]/.test(line)) report(line);
  });
  writeFileSync(stamp, hash);
  return { path, present: false };
}

async function cmake(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine?: (line: string) => void,
): Promise<void> {
  const { exitCode, tail } = await runTool('cmake', args, env, onLine);
  if (exitCode !== 0) throw buildFailed(['cmake', ...args].join(' '), tail);
}

/** Where npm put a package of headers. */
function folderOf(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}
