import {
  collectProviders,
  installedPlugins,
  loadPlugins,
  optionsForSchema,
  type DeclaredProvider,
} from '@refold/core';
import type { Command } from 'commander';
import { configuredCommand } from '../common-options.js';
import { pluginFolders } from '../load-config.js';
import { printTable } from '../output/print-table.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

/** `refold plugins`: the installed plugins and what each provides. */
export const pluginsCommand: DefineCommand = (io) =>
  configuredCommand('plugins', 'List the installed plugins and what each provides.', [
    'refold plugins',
  ]).action(async (_options: unknown, command: Command) => {
    const { options } = readArguments(command, 0);
    const from = pluginFolders(io, options.config);
    const rows = [];
    for (const name of installedPlugins(from)) {
      const [plugin] = await loadPlugins([name], { from });
      if (!plugin) continue;
      const provides = collectProviders([plugin], optionsForSchema).map(
        (declared: DeclaredProvider) => ({
          point: declared.point.name,
          names: declared.provider.use ?? [],
        }),
      );
      rows.push({ name, package: plugin.name, provides });
    }
    if (options.json) {
      io.stdout.write(`${JSON.stringify(rows)}\n`);
      return;
    }
    const cells = rows.flatMap(({ name, provides }) =>
      provides.map(({ point, names }) => [name, point, names.join(' ')]),
    );
    io.stdout.write(printTable([['plugin', 'provides', 'names'], ...cells]));
  });
