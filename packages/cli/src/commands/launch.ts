import { readFlags } from '@refold/core';
import { Command } from 'commander';
import { valueDoesNotFit } from '../errors.js';
import { nothingToLaunch } from '../launch/errors.js';
import { findLauncher } from '../launch/find-launcher.js';
import type { LaunchOptions } from '../launch/launch-options.js';
import { launchRanks } from '../launch/launch-ranks.js';
import type { DefineCommand } from './commands.js';

/** Commands that several processes can share. */
const LAUNCHABLE = ['train', 'validate', 'plan'];

const OWN = {
  n: { type: 'string' },
  'worker-num': { type: 'string' },
  'bind-core': { type: 'boolean' },
  hosts: { type: 'string' },
  hostfile: { type: 'string' },
  threads: { type: 'string' },
} as const;

/** `refold launch`: the same command in several processes, which train together (docs/distributed.md). */
export const launchCommand: DefineCommand = (io, done) =>
  new Command('launch')
    .description('Start a command in several processes that train together, by MPI.')
    .usage('-n <ranks> [options] -- train …')
    .option('-n, --worker-num <ranks>', 'processes to start')
    .option('--bind-core', 'give each process cores of its own')
    .option('--hosts <names>', 'hosts that share the processes, by commas; default: this one')
    .option('--hostfile <file>', "file with hosts, in the launcher's own format")
    .option('--threads <count>', "threads of each process; default: the host's cores shared evenly")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      [
        '',
        "mpirun or srun may start the processes as well: 'mpirun -n 8 refold train …'.",
        '',
        'Examples:',
        '  $ refold launch -n 8 -- train -c configs/demo.yaml',
        '  $ refold launch -n 4 --bind-core --hosts a,b -- train -c configs/imagenette.yaml --data-dir D',
      ].join('\n'),
    )
    .action(async (_options: unknown, command: Command) => {
      // Commander takes '--' away: what is launched begins with the name of a command.
      const start = command.args.findIndex((word) => LAUNCHABLE.includes(word));
      if (start < 0) throw nothingToLaunch(LAUNCHABLE);
      const { own } = readFlags(command.args.slice(0, start), OWN);
      const options = launchOptions({ ...command.opts(), ...camelCased(own) });
      const program = [process.execPath, process.argv[1]!, ...command.args.slice(start)];
      done(await launchRanks(io, findLauncher(), options, program));
    });

type Given = Readonly<Record<string, string | boolean | undefined>>;

function camelCased(own: Given): Given {
  return Object.fromEntries(
    Object.entries(own).map(([name, value]) => [
      name === 'n'
        ? 'workerNum'
        : name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function launchOptions({ workerNum, bindCore, hosts, hostfile, threads }: Given): LaunchOptions {
  return {
    ranks: count('-n', workerNum ?? '1'),
    bindCore: bindCore === true,
    hosts: typeof hosts === 'string' ? hosts.split(',').filter((name) => name !== '') : [],
    ...(typeof hostfile === 'string' && { hostfile }),
    ...(threads !== undefined && { threads: count('--threads', threads) }),
  };
}

function count(flag: string, value: string | boolean): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw valueDoesNotFit(flag, 'a whole number above 0', String(value));
}
