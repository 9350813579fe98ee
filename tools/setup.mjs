/**
 * Makes a fresh clone ready: dependencies, build, the native addon of the device `onednn` and, on request, TensorFlow's
 * native library.
 * Uses Node's built-in modules only, because it is what installs the others.
 *
 * node tools/setup.mjs [--tensorflow]
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cleanStale } from './clean-stale.mjs';
import { main } from './lib/main.mjs';
import { readJson } from './lib/projects.mjs';
import { root } from './lib/root.mjs';
import { runCommand } from './lib/run-command.mjs';
import { step } from './lib/step.mjs';

const tensorFlowTimeoutMs = 300_000;
const onednnTimeoutMs = 900_000;
const mpiTimeoutMs = 300_000;

/** Everything a tool needs before it can work. @param {{ tensorFlow?: boolean, mpi?: boolean }} options */
export async function setUp({ tensorFlow = false, mpi = false } = {}) {
  checkNode();
  await installDependencies();
  await build();
  await setUpOnednn();
  if (mpi) await setUpMpi();
  if (tensorFlow) await setUpTensorFlow();
}

/** Installs what the lock file says, unless it is there already. */
export async function installDependencies() {
  const missing = missingDependency();
  if (missing === null) return;
  await step(`npm ci (${missing})`, () =>
    // Install scripts of dependencies would download or compile native code: nothing here needs them.
    runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
  );
}

/** Compiles every project and removes what older builds left behind. */
export async function build() {
  await step('Compiling TypeScript (tsc -b)', async () => {
    cleanStale();
    await runCommand('node', ['node_modules/typescript/bin/tsc', '-b']);
  });
}

/**
 * Builds the addon of the device `onednn`, for which the system needs CMake, a C++ compiler and oneDNN; as root on Debian
 * and Ubuntu it installs those. Once for each state of the sources. Everything works without it, only slower.
 */
export async function setUpOnednn() {
  await setUpDevice('onednn', {
    title: 'Building the device onednn (refold setup onednn)',
    leftOutBy: 'REFOLD_ONEDNN',
    timeoutMs: onednnTimeoutMs,
  });
}

/** Makes sure of an MPI for several processes; as root on Debian and Ubuntu it installs one. One process needs none. */
export async function setUpMpi() {
  await setUpDevice('mpi', {
    title: 'Looking for an MPI (refold setup mpi)',
    leftOutBy: 'REFOLD_MPI',
    timeoutMs: mpiTimeoutMs,
  });
}

/**
 * Fetches libtensorflow (TensorFlow's wheel for CPU, about 250 MB) into a cache folder for the device `tfjs-node`.
 * Everything works without it, only slower.
 */
export async function setUpTensorFlow() {
  await setUpDevice('tensorflow', {
    title: 'Getting libtensorflow (refold setup tensorflow)',
    leftOutBy: 'REFOLD_TENSORFLOW',
    timeoutMs: tensorFlowTimeoutMs,
  });
}

/**
 * Runs `refold setup WHAT`, which says itself why it fails and what to do; failing is not an error here.
 *
 * @param {string} what
 * @param {{ title: string, leftOutBy: string, timeoutMs: number }} options `leftOutBy`: variable that is `no` to leave it out
 */
async function setUpDevice(what, { title, leftOutBy, timeoutMs }) {
  if (/^(no|0|false|skip)$/i.test(process.env[leftOutBy] ?? '')) {
    process.stderr.write(`· ${what} is left out, as ${leftOutBy} asks.\n`);
    return;
  }
  const command = join(root, 'packages/cli/bin/refold.js');
  if (!existsSync(command)) return;
  try {
    await step(title, () => runCommand('node', [command, 'setup', what], { timeoutMs }));
  } catch (error) {
    process.stderr.write(
      `· Going on without it: ${error.message} Tests that need it say so and are skipped.\n`,
    );
  }
}

/** @returns {string | null} why an installation is needed; null when what is installed is what the lock file says */
function missingDependency() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return 'nothing is installed yet';
  const wanted = readJson('package-lock.json').packages;
  const installed = readJson('node_modules/.package-lock.json').packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || entry.optional || entry.devOptional) continue;
    const found = installed[path];
    if (!found) return `${path} is missing`;
    if (found.version !== entry.version)
      return `${path} is ${found.version}, the lock file says ${entry.version}`;
  }
  return null;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(
      `This Node.js is too old.\nExpected 20.19 or newer\nReceived ${process.versions.node}\n`,
    );
    process.exit(1);
  }
}

await main(import.meta.url, () =>
  setUp({ tensorFlow: process.argv.includes('--tensorflow'), mpi: true }),
);
