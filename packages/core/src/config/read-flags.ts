import {
  FORBIDDEN_KEYS,
  markOrigins,
  setAt,
  type ConfigObject,
  type ConfigTree,
} from './config-tree.js';
import { coreTopLevel } from './core-schema.js';
import { flagValue, unknownFlag } from './errors.js';
import { shortFlags } from './flag-names.js';
import { mindcvBooleans, mindcvKeys } from './mindcv-keys.js';
import { nearest, normalName } from './nearest.js';
import type { Origin } from './origin.js';
import { readFlagValue } from './read-flag-value.js';

/** A flag that a command has for itself, besides those that set the configuration. */
export interface OwnFlag {
  readonly type: 'boolean' | 'string';
  /** One letter, `c` for `-c`. */
  readonly short?: string;
}

export interface Flags {
  /** What sets our keys. */
  readonly tree: ConfigTree;
  /** What was given under MindCV's names, flat. */
  readonly mindcv: ConfigTree;
  /** The command's own flags that were given, by the names it gave them. */
  readonly own: Readonly<Record<string, string | boolean>>;
  /** What is no flag, in order. */
  readonly positionals: readonly string[];
}

/**
 * Reads the arguments after a command's name. `--key value`, `--key=value` and a bare `--key` (true) all work;
 * hyphens and underscores are the same; `--` ends the flags. A key is a path of the configuration with a dot in it,
 * one of core's top-level keys, a short name (`flag-names.ts`), one of MindCV's options, or one of the command's own.
 * Dotted paths are not checked here: what is valid depends on the plugins.
 *
 * @param own the command's own flags by name (`{ json: { type: 'boolean' }, config: { type: 'string', short: 'c' } }`)
 * @throws RefoldError `RF-USAGE-UNKNOWN-FLAG`, `RF-USAGE-FLAG-VALUE` (exit code 2)
 */
export function readFlags(
  argv: readonly string[],
  own: Readonly<Record<string, OwnFlag>> = {},
): Flags {
  const reader = new FlagReader(own);
  const positionals: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] as string;
    if (token === '--') {
      positionals.push(...argv.slice(index + 1));
      break;
    }
    if (!isFlag(token)) {
      positionals.push(token);
      continue;
    }
    const equals = token.indexOf('=');
    const flag = equals < 0 ? token : token.slice(0, equals);
    const inline = equals < 0 ? undefined : token.slice(equals + 1);
    const next = argv[index + 1];
    const following = next !== undefined && next !== '--' && !isFlag(next) ? next : undefined;
    if (reader.take(flag, inline, following)) index++;
  }
  return { ...reader.result(), positionals };
}

/** `-1e-4` is a number and `-` alone is standard input. */
function isFlag(token: string): boolean {
  return token.startsWith('-') && token !== '-' && Number.isNaN(Number(token));
}

class FlagReader {
  readonly #own: Readonly<Record<string, OwnFlag>>;
  readonly #ownValues: Record<string, string | boolean> = {};
  readonly #tree: { value: ConfigObject; origins: Map<string, Origin> } = tree();
  readonly #mindcv: { value: ConfigObject; origins: Map<string, Origin> } = tree();

  constructor(own: Readonly<Record<string, OwnFlag>>) {
    this.#own = own;
  }

  result(): Omit<Flags, 'positionals'> {
    return { tree: this.#tree, mindcv: this.#mindcv, own: this.#ownValues };
  }

  /** Takes one flag. @returns whether it used up the token that follows */
  take(flag: string, inline: string | undefined, following: string | undefined): boolean {
    const name = flag.replace(/^--?/, '');
    const ownName = this.#ownNameOf(flag, name);
    if (ownName !== undefined) return this.#takeOwn(ownName, flag, inline, following);
    if (!flag.startsWith('--')) throw unknownFlag(flag, this.#near(name));
    const short = find(shortFlags, name);
    const core = find(coreTopLevel.shape, name);
    const path = name.includes('.') ? camelPath(name) : short ? shortFlags[short] : core;
    if (path !== undefined) {
      const text = inline ?? following;
      const value = text === undefined ? bareValue(path) : readFlagValue(text);
      this.#put(this.#tree, path, flag, text ?? 'true', value);
      return inline === undefined && following !== undefined;
    }
    const mindcv = find(mindcvKeys, name);
    if (mindcv === undefined) throw unknownFlag(flag, this.#near(name));
    // Of MindCV's switches, only a word that says yes or no is the value: `--ema image.jpg` has none.
    const takes =
      !mindcvBooleans.has(mindcv) || /^(yes|no|true|false|[01])$/i.test(following ?? '');
    const text = inline ?? (takes ? following : undefined);
    this.#put(
      this.#mindcv,
      mindcv,
      flag,
      text ?? 'true',
      text === undefined ? true : readFlagValue(text),
    );
    return inline === undefined && text !== undefined;
  }

  #takeOwn(
    name: string,
    flag: string,
    inline: string | undefined,
    following: string | undefined,
  ): boolean {
    if (this.#own[name]?.type === 'boolean') {
      if (inline !== undefined && !/^(true|false)$/i.test(inline)) {
        throw flagValue(flag, 'true or false', `'${inline}'`);
      }
      this.#ownValues[name] = inline?.toLowerCase() !== 'false';
      return false;
    }
    const text = inline ?? following;
    if (text === undefined) throw flagValue(flag, 'a value', 'nothing');
    this.#ownValues[name] = text;
    return inline === undefined;
  }

  #put(
    { value, origins }: { value: ConfigObject; origins: Map<string, Origin> },
    path: string,
    flag: string,
    text: string,
    read: unknown,
  ): void {
    const keys = path.split('.');
    if (keys.some((key) => key === '' || FORBIDDEN_KEYS.has(key))) throw unknownFlag(flag);
    setAt(value, keys, read);
    for (const known of origins.keys()) if (known.startsWith(`${path}.`)) origins.delete(known);
    markOrigins(origins, path, read, { kind: 'flag', flag, text });
  }

  #ownNameOf(flag: string, name: string): string | undefined {
    if (flag.startsWith('--')) return find(this.#own, name);
    return Object.keys(this.#own).find((own) => this.#own[own]?.short === name);
  }

  #near(name: string): string | undefined {
    const candidates = [
      ...Object.keys(this.#own),
      ...Object.keys(shortFlags),
      ...Object.keys(coreTopLevel.shape),
      ...Object.keys(mindcvKeys),
    ];
    const near = nearest(name, candidates);
    return near && `--${near}`;
  }
}

function tree(): { value: ConfigObject; origins: Map<string, Origin> } {
  return { value: {}, origins: new Map() };
}

/** A bare `--resume` means the newest checkpoint; any other bare flag is a switch. */
function bareValue(path: string): unknown {
  return path === 'resume' ? 'auto' : true;
}

/** The key that is spelt like the name, but for hyphens, underscores and case. */
function find(keys: object, name: string): string | undefined {
  const wanted = normalName(name);
  return Object.keys(keys).find((key) => normalName(key) === wanted);
}

/** `data.batch-size` → `data.batchSize` */
function camelPath(path: string): string {
  return path.replaceAll(/(?<=[a-zA-Z0-9])[-_]+([a-zA-Z0-9])/g, (_match, letter: string) =>
    letter.toUpperCase(),
  );
}
