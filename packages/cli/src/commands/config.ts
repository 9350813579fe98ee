import { configSchema, explainConfig, printConfig } from '@refold/core';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { loadConfig, loadParts } from '../load-config.js';
import { printTable } from '../output/print-table.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

interface ConfigOptions extends CommonOptions {
  readonly explain?: boolean;
  readonly schema?: boolean;
}

/** `refold config`: the resolved configuration, where every value came from, or its JSON Schema. */
export const configCommand: DefineCommand = (io) =>
  configuredCommand('config', 'Print the resolved configuration.', [
    'refold config -c configs/imagenette.yaml --batch-size 16 --explain',
    'refold config -c configs/imagenette.yaml --schema > schema.json',
  ])
    .option('--explain', 'add where every value came from and what it does')
    .option('--schema', 'print a JSON Schema for editors instead')
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<ConfigOptions>(command, 0);
      const { options } = given;
      if (options.schema) {
        const { plugins } = await loadParts(io, given);
        io.stdout.write(`${JSON.stringify(configSchema(plugins), null, 2)}\n`);
        return;
      }
      const config = await loadConfig(io, given);
      for (const { code, message } of options.quiet ? [] : config.warnings) {
        io.stderr.write(`warning ${code}: ${message}\n`);
      }
      const rows = explainConfig(config);
      if (options.json) {
        io.stdout.write(`${JSON.stringify(options.explain ? rows : config.json)}\n`);
      } else if (options.explain) {
        const cells = rows.map((row) => [
          row.path,
          JSON.stringify(row.value),
          row.origin,
          row.description,
        ]);
        io.stdout.write(printTable([['key', 'value', 'from', 'what it does'], ...cells]));
      } else {
        io.stdout.write(printConfig(config));
      }
    });
