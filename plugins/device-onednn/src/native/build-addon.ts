import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildFailed } from '../errors.js';
import { packageFolder } from './addon-path.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

export interface BuildOptions {
  /** Takes a line of progress. */
  readonly report?: (line: string) => void;
  /** Folder for CMake, below the package; default `build`. */
  readonly folder?: string;
  /** More definitions for CMake (`REFOLD_SANITIZE=ON`). */
  readonly definitions?: readonly string[];
}

/** What the build needs, with the Debian package that brings it. */
const tools = [
  { what: 'CMake', package: 'cmake', isThere: () => works('cmake', ['--version']) },
  { what: 'a C++ compiler', package: 'g++', isThere: () => works('c++', ['--version']) },
  { what: 'oneDNN', package: 'libdnnl-dev', isThere: () => compiles('dnnl.hpp') },
] as const;

/**
 * Builds the addon from the sources in this package, unless it was built from these already. As root on Debian and its
 * kin it installs what is missing; elsewhere it says how.
 *
 * @returns what was done, in one sentence
 * @throws RefoldError `RF-DEVICE-BUILD`
 */
export async function buildAddon(options: BuildOptions = {}): Promise<string> {
  const { report = () => undefined, folder = 'build', definitions = [] } = options;
  const build = join(packageFolder, folder);
  const addon = join(build, 'refold_onednn.node');
  const stamp = join(build, 'sources.sha256');
  const hash = hashSources(definitions);
  if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash)
    return `The addon was already built (${addon}).`;
  await provideTools(report);
  report('Compiling the native addon (about a minute)');
  // A cache of another clone's paths would win over the definitions.
  rmSync(join(build, 'CMakeCache.txt'), { force: true });
  mkdirSync(build, { recursive: true });
  const headers = (name: string) => dirname(require.resolve(`${name}/package.json`));
  await cmake([
    ...['-S', packageFolder, '-B', build, '-DCMAKE_BUILD_TYPE=Release'],
    `-DNODE_ADDON_API_DIR=${headers('node-addon-api')}`,
    `-DNODE_API_HEADERS_DIR=${headers('node-api-headers')}`,
    ...definitions.map((definition) => `-D${definition}`),
  ]);
  await cmake(['--build', build, '--parallel']);
  writeFileSync(stamp, hash);
  return `The addon is built (${addon}).`;
}

async function provideTools(report: (line: string) => void): Promise<void> {
  const missing: (typeof tools)[number][] = [];
  for (const tool of tools) if (!(await tool.isThere())) missing.push(tool);
  if (missing.length === 0) return;
  const what = missing.map((tool) => tool.what).join(', ');
  const packages = missing.map((tool) => tool.package);
  const command = `apt-get install -y ${packages.join(' ')}`;
  if (!existsSync('/etc/debian_version')) {
    const hint = `Install CMake, a C++ compiler and oneDNN (macOS: brew install cmake onednn), then run \`refold setup onednn\`.`;
    throw buildFailed(`${what} not found`, hint);
  }
  if (process.getuid?.() !== 0)
    throw buildFailed(
      `${what} not found`,
      `Run \`sudo ${command}\`, then \`refold setup onednn\`.`,
    );
  report(command);
  try {
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    throw buildFailed(`\`${command}\` failed`, `Run it by hand and read what it says.`, error);
  }
}

async function cmake(args: readonly string[]): Promise<void> {
  try {
    await run('cmake', args, { maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
    throw buildFailed('the compiler failed', `The end of its output:\n${tail}`, error);
  }
}

async function works(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

async function compiles(header: string): Promise<boolean> {
  return works('sh', [
    '-c',
    `echo '#include <${header}>' | c++ -x c++ -std=c++17 -E - >/dev/null 2>&1`,
  ]);
}

/** Of everything that the build reads from this package. */
function hashSources(definitions: readonly string[]): string {
  const hash = createHash('sha256').update(definitions.join());
  const native = join(packageFolder, 'native');
  const files = readdirSync(native, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort();
  for (const file of files) hash.update(file).update(readFileSync(join(native, file)));
  return hash.update(readFileSync(join(packageFolder, 'CMakeLists.txt'))).digest('hex');
}
