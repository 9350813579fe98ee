/**
 * `npm run prebuild`: the native addon of the device `onednn` as a release ships it, in prebuildify's layout:
 * plugins/device-onednn/prebuilds/linux-x64/refold-onednn.node. A package with it needs neither a compiler nor oneDNN.
 *
 * oneDNN is linked in where there is a static library (libdnnl.a). Debian has none, so there the shared libraries that
 * not every system has (oneDNN, OpenMP's, and whatever they need) are copied beside the addon, which looks for them in its
 * own folder first; their licences lie in `licenses/`. Both ways what is loaded is what was shipped.
 *
 * A binary runs on systems whose C library is as new as that of the system it was made on, or newer: make releases on the
 * oldest that is to be supported. `--onednn FOLDER` takes oneDNN from another prefix (`include/`, `lib/`, `share/doc/`):
 * one built with -DONEDNN_LIBRARY_TYPE=STATIC, or a newer one than the system's.
 *
 * node tools/prebuild.mjs [--onednn FOLDER]
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { main } from './lib/main.mjs';
import { root } from './lib/root.mjs';
import { licencesOf, neededLibraries } from './lib/shared-libraries.mjs';
import { step } from './lib/step.mjs';
import { build, installDependencies } from './setup.mjs';

const plugin = join(root, 'plugins/device-onednn');

await main(import.meta.url, async () => {
  const at = process.argv.indexOf('--onednn');
  await prebuild(at < 0 ? null : resolve(process.argv[at + 1] ?? ''));
});

/**
 * Makes the prebuilt addon of this platform.
 *
 * @param {string | null} onednn prefix of oneDNN; null: the system's
 * @returns {Promise<string>} its file
 */
export async function prebuild(onednn = null) {
  if (process.platform !== 'linux') throw new Error('Prebuilt addons are made on Linux.');
  await installDependencies();
  await build();
  const addon = await step('Compiling the addon', () => compile(onednn));
  return step('Putting together what a release ships', () => {
    const folder = join(plugin, 'prebuilds', `linux-${process.arch}`);
    const file = assemble(addon, folder, onednn);
    checkThatItLoads(file);
    return file;
  });
}

async function compile(onednn) {
  const { buildAddon } = await import('../plugins/device-onednn/dist/index.js');
  const archive = staticLibrary(onednn);
  const { path } = await buildAddon({
    folder: onednn ? 'build-prebuild-other' : 'build-prebuild',
    report: (line) => process.stderr.write(`${line}\n`),
    definitions: [
      'REFOLD_PORTABLE_RPATH=ON',
      // The old kind of search path also holds for what the libraries beside the addon need themselves.
      'CMAKE_SHARED_LINKER_FLAGS=-Wl,--disable-new-dtags',
      ...(archive ? [`DNNL_LIBRARY=${archive}`] : []),
    ],
    ...(onednn ? { env: { ...process.env, CMAKE_PREFIX_PATH: onednn } } : {}),
  });
  return path;
}

/** @returns {string | null} oneDNN as a static library */
function staticLibrary(onednn) {
  const prefixes = onednn ? [onednn] : ['/usr/local', '/usr'];
  const folders = [
    'lib',
    'lib64',
    `lib/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`,
  ];
  const places = prefixes.flatMap((prefix) => folders.map((folder) => join(prefix, folder)));
  return places.map((place) => join(place, 'libdnnl.a')).find((path) => existsSync(path)) ?? null;
}

/** Copies the addon, the libraries that it needs and their licences into `folder`, which it clears. */
function assemble(addon, folder, onednn) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'licenses'), { recursive: true });
  const file = join(folder, 'refold-onednn.node');
  execFileSync('strip', ['--strip-unneeded', '-o', file, addon]);
  const libraries = neededLibraries(addon, onednn && join(onednn, 'lib'));
  for (const { name, path } of libraries) {
    copyFileSync(path, join(folder, name));
    for (const licence of licencesOf(path, onednn))
      copyFileSync(licence.path, join(folder, 'licenses', licence.name));
  }
  for (const name of ['refold-onednn.node', ...libraries.map((library) => library.name)]) {
    const megabytes = statSync(join(folder, name)).size / 1e6;
    process.stderr.write(`  ${name.padEnd(20)} ${megabytes.toFixed(1)} MB\n`);
  }
  return file;
}

/** In a process of its own: the addon, and every library that lies beside it, comes from its folder. */
function checkThatItLoads(file) {
  const script = `
    const { readdirSync, readFileSync } = require('node:fs');
    const { dirname } = require('node:path');
    require(${JSON.stringify(file)});
    const maps = readFileSync('/proc/self/maps', 'utf8');
    const beside = readdirSync(dirname(${JSON.stringify(file)})).filter((name) => name !== 'licenses');
    const missing = beside.filter((name) => !maps.includes(dirname(${JSON.stringify(file)}) + '/' + name));
    if (missing.length > 0) throw new Error('loaded from elsewhere: ' + missing.join(', '));`;
  execFileSync(process.execPath, ['-e', script], {
    env: {},
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
