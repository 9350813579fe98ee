import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildAddon } from './build-addon.js';
import { missingBuildTools } from './build-tools.js';
import { provideBuildTools } from './provide-build-tools.js';

let root: string;
let bin: string;
let packageFolder: string;
let log: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'refold-build-'));
  bin = join(root, 'bin');
  packageFolder = join(root, 'package');
  log = join(root, 'log');
  for (const folder of [bin, join(packageFolder, 'native', 'src'), join(root, 'include')])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(packageFolder, 'CMakeLists.txt'), 'project(x)');
  writeFileSync(join(packageFolder, 'native', 'src', 'a.cc'), 'int a;');
  writeFileSync(join(root, 'include', 'dnnl.hpp'), '');
  env = { PATH: bin, CMAKE_PREFIX_PATH: root };
  for (const name of ['make', 'c++']) tool(name, '');
  // With --build, the folder that it names gets an addon.
  tool(
    'cmake',
    '[ "$1" = --build ] && { echo "[ 50%] Building"; echo made > "$2/refold_onednn.node"; }; :',
  );
});
afterEach(() => rmSync(root, { recursive: true }));

/** Puts a command into the only folder of PATH; it notes its arguments. */
function tool(name: string, script: string): void {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> '${log}'\n${script}\n`);
  chmodSync(file, 0o755);
}

const calls = () =>
  readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !/--version$/.test(line));
const build = (more = {}) => buildAddon({ env, packageFolder, ...more });

describe('building the addon', () => {
  it('configures CMake with the headers that npm brought, builds, and tells how far it is', async () => {
    const lines: string[] = [];
    const { path, present } = await build({
      report: (line: string) => lines.push(line),
      definitions: ['REFOLD_SANITIZE=ON'],
    });
    expect([path, present]).toEqual([join(packageFolder, 'build', 'refold_onednn.node'), false]);
    const [configure, make] = calls();
    expect(configure).toContain(`-S ${packageFolder} -B ${join(packageFolder, 'build')}`);
    expect(configure).toMatch(/-DNODE_ADDON_API_DIR=\S+node-addon-api\b/);
    expect(configure).toMatch(/-DNODE_API_HEADERS_DIR=\S+node-api-headers\b/);
    expect(configure).toContain('-DREFOLD_SANITIZE=ON');
    expect(make).toMatch(/^cmake --build .* --parallel \d+$/);
    expect(lines).toContain('[ 50%] Building');
  });

  it('is done once for the same sources and settings, and again for others', async () => {
    await build();
    expect((await build()).present).toBe(true);
    expect(calls()).toHaveLength(2);
    writeFileSync(join(packageFolder, 'native', 'src', 'a.cc'), 'int b;');
    expect((await build()).present).toBe(false);
    expect((await build({ definitions: ['X=1'] })).present).toBe(false);
    rmSync(join(packageFolder, 'build', 'refold_onednn.node'));
    expect((await build({ definitions: ['X=1'] })).present).toBe(false);
    expect(calls()).toHaveLength(8);
  });

  it('that fails says so by code with the last lines, and is tried again', async () => {
    tool('cmake', '[ "$1" = --build ] && { echo "error: no semicolon" >&2; exit 2; }; :');
    const failure = {
      code: 'RF-SETUP-ONEDNN-BUILD',
      message: expect.stringContaining('error: no semicolon'),
    };
    await expect(build()).rejects.toMatchObject(failure);
    await expect(build()).rejects.toMatchObject(failure);
    expect(existsSync(join(packageFolder, 'build', 'sources.sha256'))).toBe(false);
  });
});

describe('what the build needs', () => {
  const debian = { platform: 'linux', osRelease: 'ID=debian\n' } as const;
  const provide = (isRoot: boolean, lines: string[] = []) =>
    provideBuildTools(env, (line) => lines.push(line), { ...debian, isRoot });

  it('is looked for in PATH and where libraries are', async () => {
    expect(await missingBuildTools(env)).toEqual([]);
    rmSync(join(bin, 'cmake'));
    rmSync(join(bin, 'c++'));
    expect(await missingBuildTools(env)).toEqual(['cmake', 'compiler']);
    tool('clang++', '');
    expect(await missingBuildTools(env)).toEqual(['cmake']);
  });

  it('is installed by root on Debian', async () => {
    rmSync(join(bin, 'cmake'));
    const file = join(bin, 'cmake');
    tool(
      'apt-get',
      `[ "$1" = install ] && { echo '#!/bin/sh' > '${file}'; /bin/chmod +x '${file}'; }; :`,
    );
    const lines: string[] = [];
    await provide(true, lines);
    expect(calls()).toEqual(['apt-get update --quiet', 'apt-get install --yes cmake']);
    expect(lines).toEqual([expect.stringContaining('apt-get install --yes cmake')]);
  });

  it('is asked for where set-up may not install it, by one command', async () => {
    rmSync(join(bin, 'cmake'));
    await expect(provide(false)).rejects.toMatchObject({
      code: 'RF-SETUP-ONEDNN-TOOLS',
      message: expect.stringContaining('sudo apt-get install --yes cmake'),
    });
  });

  it('that cannot be installed is an error with the reason', async () => {
    rmSync(join(bin, 'cmake'));
    tool('apt-get', 'echo "E: Unable to locate package"; exit 100');
    await expect(provide(true)).rejects.toMatchObject({
      code: 'RF-SETUP-ONEDNN-INSTALL',
      message: expect.stringContaining('Unable to locate'),
    });
  });

  it('cannot be had on Windows', async () => {
    const windows = { platform: 'win32', osRelease: '', isRoot: false } as const;
    await expect(provideBuildTools(env, () => undefined, windows)).rejects.toMatchObject({
      code: 'RF-SETUP-ONEDNN-PLATFORM',
    });
  });
});
