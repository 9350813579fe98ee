import { Command, Option } from 'commander';

/** Options that every command has (DESIGN §10); everything else on the line belongs to the configuration. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly events?: string;
  readonly quiet?: boolean;
}

/** A command that takes the common options, any configuration key as a flag, and shows an example in its help. */
export function configuredCommand(
  name: string,
  description: string,
  examples: readonly string[],
): Command {
  return new Command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration file (YAML; MindCV files are read as they are)')
    .option('--json', 'exactly one JSON document on stdout, nothing else there')
    .option('--quiet', 'nothing on stderr but errors')
    .addOption(new Option('--events <file>', 'write every event of a run as a line of JSON'))
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      [
        '',
        'Any configuration key is a flag by its path: --model.use repvgg_a0, --data.batchSize 16.',
        'Short names: --model, --data-dir, --output-dir, --batch-size, --resolution, --epochs,',
        '--max-steps, --device, --precision, --seed, --resume auto|FILE. MindCV flags work too.',
        'Hyphens, underscores and capitals do not matter. Relative paths are those of the current folder.',
        '',
        examples.length > 1 ? 'Examples:' : 'Example:',
        ...examples.map((example) => `  $ ${example}`),
      ].join('\n'),
    );
}
