/**
 * `npm run check`: format, lint with boundaries, types, and what holds for the repository as a whole.
 * Goes through all of them and ends with a list of what failed. `--fix` mends what can be mended.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './lib/main.mjs';
import { root } from './lib/root.mjs';
import { runCommand } from './lib/run-command.mjs';
import { step } from './lib/step.mjs';
import { build, installDependencies } from './setup.mjs';

const quietNx = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true' };

await main(import.meta.url, async () => {
  const fix = process.argv.includes('--fix');
  await installDependencies();
  mkdirSync(join(root, '.cache'), { recursive: true });
  const failed = [];
  const part = async (title, work) => {
    try {
      await step(title, work);
    } catch (error) {
      process.stderr.write(`${error.message}\n`);
      failed.push(title);
    }
  };
  await part('Format (prettier)', () => format(fix));
  await part('Types (tsc)', build);
  await part('Lint and boundaries (eslint)', () => lint(fix));
  await repositoryChecks(part);
  if (failed.length > 0) {
    process.stderr.write(`\nFailed: ${failed.join('; ')}\n`);
    process.exitCode = 1;
  }
});

function format(fix) {
  return runCommand('node', [
    'node_modules/prettier/bin/prettier.cjs',
    fix ? '--write' : '--check',
    '--log-level=warn',
    '--cache',
    '--cache-location=.cache/prettier',
    '.',
  ]);
}

async function lint(fix) {
  // The boundary rule reads nx's cached project graph and is silent without one.
  await runCommand('node', ['node_modules/nx/dist/bin/nx.js', 'show', 'projects'], {
    env: quietNx,
    quiet: true,
  });
  await runCommand(
    'node',
    ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', ...(fix ? ['--fix'] : []), '.'],
    { env: quietNx },
  );
}

async function repositoryChecks(part) {
  const { checks } = await import('./checks/index.mjs');
  for (const { title, problems } of checks) {
    await part(title, () => {
      const found = problems();
      if (found.length > 0) throw new Error(found.map((text) => `  ${text}`).join('\n'));
    });
  }
}
