import { configSchema, explainConfig, printConfig } from '@refold/core';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { loadConfig, loadParts } from '../load-config.js';
import { printTable } from '../output/print-table.js';
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
    .action(async (options: ConfigOptions, command: { args: string[] }) => {
      if (options.schema) {
        const { plugins } = await loadParts(io, command.args, options);
        io.stdout.write(`${JSON.stringify(configSchema(plugins), null, 2)}\n`);
        return;
      }
      const { config } = await loadConfig(io, command.args, options);
      for (const { message } of config.warnings) io.stderr.write(`warning: ${message}\n`);
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
