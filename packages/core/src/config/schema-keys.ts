import type { z } from 'zod';

/** The keys that an options schema accepts. */
export interface SchemaKeys {
  readonly keys: ReadonlyMap<string, z.ZodType>;
  /** Any other key is accepted too (records, loose objects). */
  readonly open: boolean;
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly getter?: () => z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
  readonly element?: z.ZodType;
}

const NONE: SchemaKeys = { keys: new Map(), open: false };

/** Keys of an object schema, seen through defaults, refinements, pipes, unions and intersections. */
export function schemaKeys(schema: z.ZodType | undefined): SchemaKeys {
  if (schema === undefined) return NONE;
  const definition = definitionOf(schema);
  if (definition.type === 'object') {
    const open = definition.catchall !== undefined && typeOf(definition.catchall) !== 'never';
    return { keys: new Map(Object.entries(definition.shape ?? {})), open };
  }
  if (definition.type === 'record') return { keys: new Map(), open: true };
  const parts = insideOf(definition).map(schemaKeys);
  return {
    keys: new Map(parts.flatMap(({ keys }) => [...keys])),
    open: parts.some(({ open }) => open),
  };
}

/** The schema of a value inside, or undefined where the path leads nowhere. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let at: z.ZodType | undefined = schema;
  for (const key of path) {
    if (at === undefined) return undefined;
    at = typeof key === 'number' ? elementOf(at) : schemaKeys(at).keys.get(String(key));
  }
  return at;
}

/** True where null is a value of the schema. */
export function isNullable(schema: z.ZodType | undefined): boolean {
  if (schema === undefined) return false;
  const definition = definitionOf(schema);
  if (definition.type === 'nullable' || definition.type === 'null') return true;
  return insideOf(definition).some(isNullable);
}

/** A schema's `.describe(…)`, wherever in its wrappers it was said. */
export function descriptionOf(schema: z.ZodType | undefined): string | undefined {
  if (schema === undefined) return undefined;
  if (schema.description !== undefined) return schema.description;
  const inside = insideOf(definitionOf(schema));
  return inside.length === 1 ? descriptionOf(inside[0]) : undefined;
}

function elementOf(schema: z.ZodType): z.ZodType | undefined {
  const definition = definitionOf(schema);
  if (definition.type === 'array') return definition.element;
  for (const inside of insideOf(definition)) {
    const element = elementOf(inside);
    if (element) return element;
  }
  return undefined;
}

/** The schemas that a wrapper wraps; none for leaves. */
function insideOf(definition: Definition): readonly z.ZodType[] {
  if (definition.innerType) return [definition.innerType];
  if (definition.getter) return [definition.getter()];
  if (definition.options) return definition.options;
  if (definition.left && definition.right) return [definition.left, definition.right];
  if (definition.in && definition.out) {
    return [typeOf(definition.in) === 'transform' ? definition.out : definition.in];
  }
  return [];
}

function typeOf(schema: z.ZodType): string {
  return definitionOf(schema).type;
}

/** By `_zod`, which every copy and flavour of zod 4 has. */
function definitionOf(schema: z.ZodType): Definition {
  return (schema as unknown as { _zod: { def: Definition } })._zod.def;
}
