import { installedPlugins, loadPlugins, nearest } from '@refold/core';
import { RefoldError } from '@refold/graph';
import type { Command } from 'commander';
import { configuredCommand } from '../common-options.js';
import { pluginFolders } from '../load-config.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

/** `refold setup NAME`: installs what a plugin needs outside npm. */
export const setupCommand: DefineCommand = (io) =>
  configuredCommand(
    'setup',
    'Install what a plugin needs outside npm (libtensorflow for tfjs-node); without a name, list what can be.',
    ['refold setup tensorflow'],
  )
    .usage('[what] [options]')
    .action(async (_options: unknown, command: Command) => {
      const { options, words } = readArguments(command, 1);
      const [what] = words;
      const from = pluginFolders(io, options.config);
      const devices = installedPlugins(from).filter((name) => name.startsWith('device-'));
      const plugins = await loadPlugins(devices, { from });
      const installers = new Map(plugins.flatMap(({ installs }) => Object.entries(installs ?? {})));
      if (what === undefined) {
        const rows = [...installers].map(([name, { description }]) => ({ name, description }));
        const lines = rows.map(({ name, description }) => `${name.padEnd(12)} ${description}\n`);
        io.stdout.write(options.json ? `${JSON.stringify(rows)}\n` : lines.join(''));
        return;
      }
      const installer = installers.get(what);
      if (!installer) throw unknownInstall(what, [...installers.keys()]);
      const say = (line: string): void => void (options.quiet || io.stderr.write(`${line}\n`));
      const result = await installer.install(say);
      io.stdout.write(`${options.json ? JSON.stringify({ name: what, result }) : result}\n`);
    });

function unknownInstall(what: string, known: readonly string[]): RefoldError {
  const near = nearest(what, known);
  return new RefoldError('RF-USAGE-UNKNOWN-SETUP', {
    message: `There is nothing called '${what}' to set up.`,
    expected: known.length > 0 ? `one of ${known.join(', ')}` : 'a plugin that installs something',
    ...(near && { hint: `Did you mean '${near}'?` }),
    exitCode: 2,
  });
}
