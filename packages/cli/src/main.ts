import { Command, CommanderError } from 'commander';
import { commands } from './commands/commands.js';
import { ExitCode, exitCodeOf } from './exit-code.js';
import { processIo, type Io } from './io.js';
import { renderError } from './output/render-error.js';
import { version } from './version.js';

/**
 * The `refold` command.
 *
 * @param argv without program names (`['train', '-c', 'configs/demo.yaml']`)
 * @returns the exit code of DESIGN §10; nothing is thrown
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let code: number = ExitCode.done;
  const program = new Command('refold')
    .description('Train wide, ship plain: structurally re-parameterisable networks.')
    .version(version)
    .exitOverride()
    // Inherited by the commands, whose further arguments are flags of the configuration.
    .allowExcessArguments()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .showHelpAfterError('(refold --help lists the commands)')
    .addHelpText(
      'after',
      '\nExample:\n  $ refold train -c configs/demo.yaml\n\nrefold <command> --help says more of each.',
    );
  for (const define of commands) {
    program.addCommand(
      define(io, (result) => {
        code = result;
      }).copyInheritedSettings(program),
    );
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    }
    (io.failures ?? io.stderr).write(renderError(error));
    return exitCodeOf(error);
  }
}
