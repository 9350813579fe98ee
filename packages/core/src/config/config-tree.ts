import { unknownKey } from './errors.js';
import type { Origin } from './origin.js';

/** Plain data as YAML and JSON have it. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };
export type ConfigObject = Record<string, unknown>;

/** Configuration as plain data, with the origin of every key by its path (`data.batchSize`, `data.scale.0`). */
export interface ConfigTree {
  readonly value: ConfigObject;
  readonly origins: ReadonlyMap<string, Origin>;
}

export const EMPTY_TREE: ConfigTree = { value: {}, origins: new Map() };

/** True for a mapping, false for lists, scalars and null. */
export function isMapping(value: unknown): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys that would reach into an object's prototype instead of the data. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
]);

/** The value at a path, or undefined. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Sets a value in place, making the mappings on the way and replacing what is no mapping. */
export function setAt(target: ConfigObject, path: readonly string[], value: unknown): void {
  let at = target;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(at, key) || !isMapping(at[key])) at[key] = {};
    at = at[key] as ConfigObject;
  }
  at[path.at(-1) as string] = value;
}

/** The origin of a path: its own, for an item of a list also its list's, else `default`. */
export function originAt(
  origins: ReadonlyMap<string, Origin>,
  path: readonly PropertyKey[],
): Origin {
  const origin = origins.get(path.join('.'));
  if (origin) return origin;
  const isItem = path.length > 1 && /^\d+$/.test(String(path.at(-1)));
  return isItem ? originAt(origins, path.slice(0, -1)) : { kind: 'default' };
}

/**
 * Lays trees over each other, later ones on top: mappings are merged key by key, all else is replaced whole.
 *
 * @throws RefoldError `RF-CONFIG-UNKNOWN-KEY` for keys that would reach into a prototype
 */
export function overlay(...trees: readonly ConfigTree[]): ConfigTree {
  const origins = new Map<string, Origin>();
  const value: ConfigObject = {};
  for (const tree of trees) merge(value, tree.value, '', tree.origins, origins);
  return { value, origins };
}

/** A tree of an object given by a program. */
export function treeOfObject(object: ConfigObject): ConfigTree {
  const origins = new Map<string, Origin>();
  markOrigins(origins, '', object, { kind: 'object' });
  return { value: object, origins };
}

/** Gives a path and everything in its value one origin. */
export function markOrigins(
  origins: Map<string, Origin>,
  path: string,
  value: unknown,
  origin: Origin,
): void {
  if (path !== '') origins.set(path, origin);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, held] of Object.entries(value)) {
    markOrigins(origins, joined(path, key), held, origin);
  }
}

function merge(
  target: ConfigObject,
  source: ConfigObject,
  path: string,
  from: ReadonlyMap<string, Origin>,
  to: Map<string, Origin>,
): void {
  for (const [key, value] of Object.entries(source)) {
    const keyPath = joined(path, key);
    if (FORBIDDEN_KEYS.has(key)) throw unknownKey(keyPath, originAt(from, keyPath.split('.')), {});
    if (!isMapping(value) || !isMapping(target[key])) forget(to, keyPath);
    copyOrigin(keyPath, from, to);
    if (isMapping(value)) {
      const held = isMapping(target[key]) ? target[key] : {};
      target[key] = held;
      merge(held, value, keyPath, from, to);
    } else {
      target[key] = Array.isArray(value) ? structuredClone(value) : value;
      for (const [inner, origin] of from) {
        if (inner.startsWith(`${keyPath}.`)) to.set(inner, origin);
      }
    }
  }
}

function copyOrigin(
  path: string,
  from: ReadonlyMap<string, Origin>,
  to: Map<string, Origin>,
): void {
  const origin = from.get(path);
  if (origin) to.set(path, origin);
}

function forget(origins: Map<string, Origin>, path: string): void {
  for (const key of origins.keys()) {
    if (key === path || key.startsWith(`${path}.`)) origins.delete(key);
  }
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
