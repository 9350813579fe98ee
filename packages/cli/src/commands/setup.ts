import { installedPlugins, loadPlugins, nearest } from '@refold/core';
import { RefoldError } from '@refold/graph';
import { Command } from 'commander';
import { pluginFolders } from '../load-config.js';
import type { DefineCommand } from './commands.js';

/** `refold setup NAME`: installs what a plugin needs outside npm. */
export const setupCommand: DefineCommand = (io) =>
  new Command('setup')
    .description('Install what a plugin needs outside npm (libtensorflow for tfjs-node).')
    .argument('[what]', 'what to install; without it, lists what can be')
    .addHelpText('after', '\nExample:\n  $ refold setup tensorflow')
    .action(async (what: string | undefined) => {
      const from = pluginFolders(io);
      const devices = installedPlugins(from).filter((name) => name.startsWith('device-'));
      const plugins = await loadPlugins(devices, { from });
      const installers = new Map(plugins.flatMap(({ installs }) => Object.entries(installs ?? {})));
      if (what === undefined) {
        for (const [name, { description }] of installers) {
          io.stdout.write(`${name.padEnd(12)} ${description}\n`);
        }
        return;
      }
      const installer = installers.get(what);
      if (!installer) throw unknownInstall(what, [...installers.keys()]);
      io.stdout.write(`${await installer.install((line) => io.stderr.write(`${line}\n`))}\n`);
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
