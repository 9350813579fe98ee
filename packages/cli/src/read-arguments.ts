import { readFlags, type Flags, type OwnFlag } from '@refold/core';
import type { Command } from 'commander';
import type { CommonOptions } from './common-options.js';
import { wordNotExpected } from './errors.js';

/** What stands after a command's name. */
export interface Arguments<O extends CommonOptions = CommonOptions> {
  /** The command's own options; those with a value as text. */
  readonly options: O;
  /** What sets the configuration. */
  readonly flags: Pick<Flags, 'tree' | 'mindcv'>;
  /** What is no flag: files, names. */
  readonly words: readonly string[];
}

/**
 * Reads what commander left over. Commander knows the command's own options in their usual spelling; the rest holds
 * flags of the configuration, words, and own options spelt otherwise (`--region_tolerance`).
 *
 * @param command after parsing
 * @param most words that the command takes
 * @throws RefoldError `RF-USAGE-UNKNOWN-FLAG`, `RF-USAGE-FLAG-VALUE`, `RF-USAGE-WORD` (exit code 2)
 */
export function readArguments<O extends CommonOptions>(
  command: Command,
  most: number,
): Arguments<O> {
  const own = Object.fromEntries(
    command.options.map((option): [string, OwnFlag] => [
      option.name(),
      { type: option.isBoolean() ? 'boolean' : 'string' },
    ]),
  );
  const { own: given, positionals, ...flags } = readFlags(command.args, own);
  const attributes = new Map(command.options.map((one) => [one.name(), one.attributeName()]));
  const respelt = Object.entries(given).map(([name, value]) => [attributes.get(name)!, value]);
  const surplus = positionals[most];
  if (surplus !== undefined) throw wordNotExpected(command.name(), surplus);
  return {
    options: { ...command.opts(), ...Object.fromEntries(respelt) } as O,
    flags,
    words: positionals,
  };
}
