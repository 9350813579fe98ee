import type { RefoldError } from '@refold/graph';
import type { z } from 'zod';
import { originAt, valueAt, type ConfigObject } from './config-tree.js';
import { missingKey, unknownKey, wrongType } from './errors.js';
import { nearest } from './nearest.js';
import type { Origin } from './origin.js';
import { isNullable, schemaAt, schemaKeys } from './schema-keys.js';

/** What was parsed, to turn zod's issues into errors about the configuration. */
export interface Parsed {
  readonly schema: z.ZodType;
  readonly value: ConfigObject;
  /** Path in the configuration of a path in `value`. */
  readonly pathOf: (path: readonly PropertyKey[]) => readonly PropertyKey[];
  readonly origins: ReadonlyMap<string, Origin>;
}

type Issue = z.core.$ZodIssue;

/** One error per mistake that zod found. */
export function explainIssue(issue: Issue, parsed: Parsed): RefoldError[] {
  const path = parsed.pathOf(issue.path);
  const origin = originAt(parsed.origins, path);
  if (issue.code === 'unrecognized_keys') {
    const known = schemaKeys(schemaAt(parsed.schema, issue.path)).keys.keys();
    const candidates = [...known].map((key) => [...path, key].join('.'));
    return issue.keys.map((key) => {
      const keyPath = [...path, key];
      const near = nearest(keyPath.join('.'), candidates);
      return unknownKey(keyPath.join('.'), originAt(parsed.origins, keyPath), { near });
    });
  }
  const schema = schemaAt(parsed.schema, issue.path);
  const orNull = isNullable(schema) && issue.code !== 'invalid_union' ? ' or null' : '';
  const expected = `${expectedBy(issue)}${orNull}`;
  const received = valueAt(parsed.value, issue.path);
  if (received === undefined && issue.path.length > 0)
    return [missingKey(path.join('.'), expected)];
  const near = issue.code === 'invalid_value' ? nearValue(received, issue.values) : undefined;
  return [wrongType(path.join('.'), expected, shown(received), origin, near)];
}

/** A value for people: `'abc' (a string)`, `1.5`, `[1, 2]`. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}' (a string)`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeName(issue.expected);
    case 'invalid_value':
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return [...new Set(issue.errors.map((branch) => (branch[0] ? expectedBy(branch[0]) : '')))]
        .filter((text) => text !== '')
        .join(' or ');
    default:
      return issue.message;
  }
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a string',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    tuple: 'a list',
    object: 'a mapping',
    record: 'a mapping',
    null: 'null',
  };
  return names[expected] ?? expected;
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') {
    return limit === 1 ? 'a string that is not empty' : `a string of ${relation} ${limit} letters`;
  }
  if (origin === 'array') return `a list of ${relation} ${limit} values`;
  return `${origin === 'int' ? 'a whole number' : 'a number'} of ${relation} ${limit}`;
}

function nearValue(received: unknown, values: readonly unknown[]): string | undefined {
  return typeof received === 'string' ? nearest(received, values.map(String)) : undefined;
}
