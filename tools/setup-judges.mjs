/**
 * `npm run setup:judges`: programs of others that judge what Refold writes: PyTorch, timm, ONNX and MindSpore in two Python
 * environments under `.cache/judges`, and on Debian and Ubuntu, as root, Chromium and MPICH. Gigabytes, so only on request. The tests
 * that need one say so and are skipped where it is not.
 *
 * node tools/setup-judges.mjs [python] [chromium] [mpich]
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judges } from './lib/judges.mjs';
import { main } from './lib/main.mjs';
import { root } from './lib/root.mjs';
import { runCommand } from './lib/run-command.mjs';
import { step } from './lib/step.mjs';

const installTimeoutMs = 1_200_000;

await main(import.meta.url, async () => {
  const kinds = process.argv.slice(2);
  const wants = (kind) => kinds.length === 0 || kinds.includes(kind);
  for (const { name, folder, requirements } of wants('python') ? judges : []) {
    await orWithout(`Python with ${name}`, () => python(folder, join(root, requirements)));
  }
  if (wants('chromium')) await orWithout('Chromium', () => debian('chromium', 'chromium'));
  // Beside Open MPI, which `mpirun` stays.
  if (wants('mpich')) await orWithout('MPICH', () => debian('mpich', 'mpirun.mpich'));
});

/** One that cannot be had is told and left out: the others are worth having all the same. */
async function orWithout(title, install) {
  try {
    await step(title, install);
  } catch (error) {
    process.stderr.write(`  left out: ${error.message}\n`);
  }
}

/** A virtual environment with these requirements; once for each state of the file. */
async function python(folder, requirements) {
  const mark = join(folder, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const options = { quiet: true, timeoutMs: installTimeoutMs };
  await runCommand('python3', ['-m', 'venv', folder], options);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '-r', requirements];
  await runCommand(join(folder, 'bin', 'python'), pip, options);
  writeFileSync(mark, wanted);
}

/** A package of Debian's that has this program. */
async function debian(name, program) {
  const onPath = (process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, program)));
  if (onPath) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error('install it with the package manager of this system');
  }
  const options = { quiet: true, timeoutMs: installTimeoutMs };
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Fails where an index is out of date in part, which need not matter.
  await runCommand('apt-get', ['update', '--quiet'], { ...options, acceptCodes: [0, 100] });
  const install = ['install', '--yes', '--no-install-recommends', name];
  await runCommand('apt-get', install, { ...options, env });
}
