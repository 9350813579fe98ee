import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs a script of this folder in a process of its own and gives the JSON that it prints.
 *
 * @param script name without extension
 * @throws Error with what it wrote to stderr, where it ends with an error or a signal
 */
export async function runScript(
  script: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const path = fileURLToPath(new URL(`${script}.js`, import.meta.url));
  const { stdout } = await run(process.execPath, ['--expose-gc', path, ...args], {
    env: { ...process.env, ...env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout) as unknown;
}
