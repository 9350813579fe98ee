/**
 * `npm run sanitize`: builds the native addon of the device `onednn` with AddressSanitizer and UndefinedBehaviorSanitizer
 * and runs the device's own specs on it. Whatever they find ends the tests with a report on stderr. Leaks are not looked
 * for that way: Node frees little at its end; `leaks.spec.ts` counts the addon's own memory.
 *
 * Node itself is not instrumented, so the sanitizers' libraries are loaded before it. Linux with GCC; about ten times as
 * slow as the plain tests. Arguments go to jest (`npm run sanitize -- device-kit`).
 */
import { execFileSync } from 'node:child_process';
import { main } from './lib/main.mjs';
import { runCommand } from './lib/run-command.mjs';
import { step } from './lib/step.mjs';
import { build, installDependencies } from './setup.mjs';

await main(import.meta.url, async () => {
  await installDependencies();
  await build();
  const addon = await step('Compiling the addon with sanitizers', compile);
  const specs = process.argv.slice(2).map((pattern) => `.*${pattern}`);
  const paths = (specs.length > 0 ? specs : ['']).map(
    (spec) => `plugins/device-onednn/dist/${spec}`,
  );
  const modules = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--testTimeout=600000'];
  await step('Testing (jest)', () =>
    runCommand('node', [...modules, ...jest, ...paths], { env: environment(addon) }),
  );
});

async function compile() {
  const { buildAddon } = await import('../plugins/device-onednn/dist/index.js');
  const { path } = await buildAddon({
    folder: 'build-sanitize',
    // With -O3, instrumented kernels take eight minutes to compile.
    definitions: [
      'REFOLD_SANITIZE=ON',
      'CMAKE_BUILD_TYPE=Sanitize',
      'CMAKE_CXX_FLAGS_SANITIZE=-O1',
    ],
    report: (line) => process.stderr.write(`${line}\n`),
  });
  return path;
}

function environment(addon) {
  const library = (name) =>
    execFileSync('c++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  return {
    REFOLD_ONEDNN_ADDON: addon,
    LD_PRELOAD: `${library('libasan.so')}:${library('libubsan.so')}`,
    // A failing allocation is a test, not the end; Node's own code is not what is looked at.
    // Little of what was freed is kept back, or resident memory could not be watched.
    ASAN_OPTIONS: [
      ...['detect_leaks=0', 'allocator_may_return_null=1', 'use_sigaltstack=0'],
      ...['quarantine_size_mb=1', 'thread_local_quarantine_size_kb=64'],
    ].join(':'),
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
}
