import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';
import { FORBIDDEN_KEYS, type ConfigObject, type ConfigTree } from './config-tree.js';
import {
  configEmpty,
  configFileMissing,
  configFileUnreadable,
  configNotMapping,
  configSyntax,
  duplicateKey,
  unknownKey,
} from './errors.js';
import { isMindcv } from './mindcv-keys.js';
import { nearest } from './nearest.js';
import type { Origin } from './origin.js';

/** A configuration file as it stands, not validated. */
export interface ConfigFile {
  /** As given by the reader; origins use the same spelling. */
  readonly file: string;
  /** `mindcv`: one of MindCV's flat files, still with its own names. */
  readonly kind: 'refold' | 'mindcv';
  readonly tree: ConfigTree;
}

/**
 * Reads a YAML file with the position of every key.
 *
 * @param file as the reader gave it; so it stands in messages
 * @param cwd folder that a relative name refers to
 * @throws RefoldError `RF-CONFIG-FILE-MISSING`, `RF-CONFIG-FILE-UNREADABLE`, and what {@link parseConfig} throws
 */
export async function readConfigFile(file: string, cwd = process.cwd()): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path.resolve(cwd, file), 'utf8');
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ENOENT') throw configFileUnreadable(file, cause);
    throw configFileMissing(file, await nearNames(file, cwd));
  }
  return parseConfig(text, file);
}

/**
 * Like {@link readConfigFile}, of text that was read before.
 *
 * @param file name for origins and messages
 * @throws RefoldError `RF-CONFIG-EMPTY`, `RF-CONFIG-SYNTAX`, `RF-CONFIG-NOT-MAPPING`, `RF-CONFIG-DUPLICATE-KEY`
 */
export function parseConfig(text: string, file: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem?.code === 'DUPLICATE_KEY') {
    throw duplicateKey(at(problem.pos[0]), /^[^:\n]*/.exec(text.slice(problem.pos[0]))?.[0] ?? '');
  }
  if (problem) throw configSyntax(at(problem.pos[0]), problem.message);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) throw configEmpty(file);
  if (!isMap(contents)) {
    const received = isSeq(contents) ? 'a list' : 'a single value';
    throw configNotMapping(at(contents.range?.[0] ?? 0), received);
  }
  const tree = readTree(document, contents, file, lines);
  return { file, kind: isMindcv(tree.value) ? 'mindcv' : 'refold', tree };
}

function readTree(document: Document, root: Node, file: string, lines: LineCounter): ConfigTree {
  const origins = new Map<string, Origin>();
  const originOf = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file, line, column: col };
  };
  const read = (node: unknown, path: string, aliases: readonly Node[]): unknown => {
    if (isScalar(node)) return node.value;
    if (isAlias(node)) {
      const target = node.resolve(document);
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      if (target === undefined || aliases.includes(target) || aliases.length > 8) {
        throw configSyntax(`${file}:${line}:${col}`, `the alias *${node.source} leads nowhere`);
      }
      return read(target, path, [...aliases, target]);
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const itemPath = `${path}.${index}`;
        const offset = (item as Node | null)?.range?.[0];
        if (offset !== undefined) origins.set(itemPath, originOf(offset));
        return read(item, itemPath, aliases);
      });
    }
    if (!isMap(node)) return null;
    const value: ConfigObject = {};
    for (const { key, value: held } of node.items) {
      const origin = originOf((key as Node).range?.[0] ?? 0);
      const name = isScalar(key) ? String(key.value) : String(key);
      const keyPath = path === '' ? name : `${path}.${name}`;
      if (FORBIDDEN_KEYS.has(name)) throw unknownKey(keyPath, origin, {});
      origins.set(keyPath, origin);
      value[name] = read(held, keyPath, aliases);
    }
    return value;
  };
  return { value: read(root, '', []) as ConfigObject, origins };
}

/** YAML files of the same folder whose names are like the one asked for; of all, if they are few. */
async function nearNames(file: string, cwd: string): Promise<readonly string[]> {
  const folder = path.dirname(file);
  const entries = await readdir(path.resolve(cwd, folder)).catch(() => []);
  const names = entries.filter((name) => /\.ya?ml$/.test(name));
  const wanted = path.basename(file).replace(/\.ya?ml$/, '');
  const byStem = new Map(names.map((name) => [name.replace(/\.ya?ml$/, ''), name]));
  const near = nearest(wanted, byStem.keys());
  return near === undefined ? [] : [path.join(folder, byStem.get(near) as string)];
}
