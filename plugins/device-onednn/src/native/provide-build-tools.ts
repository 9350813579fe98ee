import { existsSync, readFileSync } from 'node:fs';
import { buildToolsMissing, installFailed, platformUnsupported } from '../errors.js';
import { missingBuildTools, toolNames } from './build-tools.js';
import { installCommand, usesApt, type SystemFacts } from './install-command.js';
import { runTool } from './run-tool.js';

/**
 * Makes sure that everything the build needs is there. As root on Debian and its kin it installs what is missing;
 * elsewhere it says which one command does.
 *
 * @throws RefoldError `RF-SETUP-ONEDNN-TOOLS`, `RF-SETUP-ONEDNN-INSTALL`, `RF-SETUP-ONEDNN-PLATFORM`
 */
export async function provideBuildTools(
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
  system: SystemFacts = thisSystem(),
): Promise<void> {
  if (system.platform !== 'linux' && system.platform !== 'darwin')
    throw platformUnsupported(system.platform);
  const missing = await missingBuildTools(env);
  if (missing.length === 0) return;
  const command = installCommand(missing, system);
  if (!command || !system.isRoot || !usesApt(system))
    throw buildToolsMissing(
      missing.map((tool) => toolNames[tool]),
      command?.join(' ') ?? null,
    );
  report(`Installing what is missing: ${command.join(' ')}`);
  // Fails where an index is out of date in part, which need not matter.
  await runTool('apt-get', ['update', '--quiet'], env);
  const [program = '', ...args] = command;
  const quietly = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  const { exitCode, tail } = await runTool(program, args, quietly);
  if (exitCode !== 0) throw installFailed(command.join(' '), tail);
  const still = await missingBuildTools(env);
  if (still.length > 0)
    throw buildToolsMissing(
      still.map((tool) => toolNames[tool]),
      null,
    );
}

function thisSystem(): SystemFacts {
  const file = '/etc/os-release';
  return {
    platform: process.platform,
    osRelease: existsSync(file) ? readFileSync(file, 'utf8') : '',
    isRoot: process.getuid?.() === 0,
  };
}
