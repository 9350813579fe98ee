import { InternalError } from '../refold-error.js';
import type { OpAttrs, OpName } from '../op-attrs.js';
import { conv2d } from './conv2d.js';
import type { OpDefinition } from './op-definition.js';

const definitions: { readonly [K in OpName]?: OpDefinition<K> } = { conv2d };

/** Rules of an op. @internal */
export function opDefinition<K extends OpName>(
  op: K,
): OpDefinition<K> & { parse(node: string, attrs: unknown): OpAttrs[K] } {
  const definition = definitions[op];
  if (!definition) throw new InternalError(`The op '${op}' has no definition.`);
  return { ...definition, parse: (_node, attrs) => definition.attrs.parse(attrs) };
}
