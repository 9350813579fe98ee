import { RefoldError } from '@refold/graph';
import { originText, writtenName, type Origin } from './origin.js';

/** The configuration file is not there. @param near names in its folder that are like it */
export function configFileMissing(file: string, near: readonly string[]): RefoldError {
  return new RefoldError('RF-CONFIG-FILE-MISSING', {
    message: `There is no configuration file '${file}'.`,
    ...(near.length > 0 && {
      hint: `Did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`,
    }),
  });
}

/** The configuration file is there but cannot be read (a folder, no permission). */
export function configFileUnreadable(file: string, cause: unknown): RefoldError {
  return new RefoldError('RF-CONFIG-FILE-UNREADABLE', {
    message: `The configuration file '${file}' cannot be read.`,
    expected: 'a readable YAML file',
    received: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

/** Nothing but space and comments in the file. */
export function configEmpty(file: string): RefoldError {
  return new RefoldError('RF-CONFIG-EMPTY', {
    message: 'The configuration file is empty.',
    where: file,
    expected: "keys and values ('model: { use: repvgg_a0 }')",
    received: 'no key at all',
    hint: 'Start from one of the files in configs/.',
  });
}

/** Not YAML. @param where `file:line:column` */
export function configSyntax(where: string, problem: string): RefoldError {
  return new RefoldError('RF-CONFIG-SYNTAX', {
    message: `This is not valid YAML: ${problem}`,
    where,
  });
}

/** The file's top level is a list or a single value. */
export function configNotMapping(where: string, received: string): RefoldError {
  return new RefoldError('RF-CONFIG-NOT-MAPPING', {
    message: 'A configuration is a mapping from keys to values.',
    where,
    expected: "keys and values ('epochs: 12')",
    received,
  });
}

/** One mapping has the same key twice. */
export function duplicateKey(where: string, key: string): RefoldError {
  return new RefoldError('RF-CONFIG-DUPLICATE-KEY', {
    message: `The key '${key}' stands twice in the same mapping.`,
    where,
    expected: 'each key once',
    hint: 'Take one of them out.',
  });
}

/** A key nobody knows. On the command line that is a mistake of usage. */
export function unknownKey(
  path: string,
  origin: Origin,
  { near, hint }: { readonly near?: string | undefined; readonly hint?: string | undefined },
): RefoldError {
  if (origin.kind === 'flag') return unknownFlag(origin.flag, near && `--${near}`, hint);
  const name = writtenName(origin) ?? path;
  return new RefoldError('RF-CONFIG-UNKNOWN-KEY', {
    message: `Unknown key '${name}'.`,
    ...whereOf(origin),
    ...advice(near, hint),
  });
}

/** A value of the wrong type or out of its range. */
export function wrongType(
  path: string,
  expected: string,
  received: string,
  origin: Origin,
  near?: string,
): RefoldError {
  return new RefoldError('RF-CONFIG-TYPE', {
    message: `${subject(path, origin)} has a value that does not fit.`,
    expected,
    received,
    ...whereOf(origin),
    ...advice(near, undefined),
  });
}

/** A key without default is not there. */
export function missingKey(path: string, expected: string, hint?: string): RefoldError {
  return new RefoldError('RF-CONFIG-MISSING', {
    message: `'${path}' is not set.`,
    expected,
    received: 'nothing',
    hint: hint ?? `Set it in the configuration file or with --${path}.`,
  });
}

/** `use` names something that no listed plugin provides. */
export function unknownName(
  path: string,
  name: string,
  names: readonly string[],
  origin: Origin,
  { near, hint }: { readonly near?: string | undefined; readonly hint?: string | undefined },
): RefoldError {
  return new RefoldError('RF-CONFIG-UNKNOWN-NAME', {
    message: `${subject(path, origin)} names '${name}', which no listed plugin provides.`,
    expected:
      names.length > 0 ? `one of ${names.join(', ')}` : 'a plugin in plugins that provides it',
    received: `'${name}'`,
    ...whereOf(origin),
    ...advice(near, hint),
  });
}

/** A flag of the command line that nothing knows. */
export function unknownFlag(flag: string, near?: string, hint?: string): RefoldError {
  return new RefoldError('RF-USAGE-UNKNOWN-FLAG', {
    message: `Unknown flag '${flag}'.`,
    exitCode: 2,
    ...advice(near, hint ?? (near === undefined ? 'See --help.' : undefined)),
  });
}

/** A flag without the value it needs, or with one it cannot have. */
export function flagValue(flag: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-USAGE-FLAG-VALUE', {
    message: `The flag '${flag}' has a value that does not fit.`,
    expected,
    received,
    exitCode: 2,
  });
}

/** Several mistakes at once, under the code of the first. */
export function together(errors: readonly RefoldError[]): RefoldError | undefined {
  const [first, ...rest] = errors;
  if (first === undefined || rest.length === 0) return first;
  const others = rest.map((error) => `- ${error.message.replaceAll('\n', '\n  ')}`).join('\n');
  const hint = `${first.parts.hint ? `${first.parts.hint}\n` : ''}And ${rest.length} more:\n${others}`;
  return new RefoldError(first.code, { ...first.parts, hint });
}

function subject(path: string, origin: Origin): string {
  const name = writtenName(origin);
  return name === undefined || name === path ? `'${path}'` : `'${name}' (${path})`;
}

function whereOf(origin: Origin): { where?: string } {
  return origin.kind === 'default' ? {} : { where: originText(origin) };
}

function advice(near: string | undefined, hint: string | undefined): { hint?: string } {
  const lines = [
    ...(near === undefined ? [] : [`Did you mean '${near}'?`]),
    ...(hint ? [hint] : []),
  ];
  return lines.length > 0 ? { hint: lines.join(' ') } : {};
}
