import { setAt, type ConfigObject, type ConfigTree } from './config-tree.js';
import { unknownKey } from './errors.js';
import { mindcvBooleans, mindcvKeys } from './mindcv-keys.js';
import { nearest } from './nearest.js';
import type { Origin } from './origin.js';

/** Reads MindCV's options (given, else default) and writes ours. */
export class MindcvOptions {
  readonly value: ConfigObject = {};
  readonly origins = new Map<string, Origin>();

  /** @throws RefoldError `RF-CONFIG-UNKNOWN-KEY` for a name that MindCV does not have */
  constructor(
    readonly flat: ConfigTree,
    readonly defaults: boolean,
  ) {
    for (const name of Object.keys(flat.value)) {
      if (Object.hasOwn(mindcvKeys, name)) continue;
      const origin = flat.origins.get(name) ?? { kind: 'default' };
      throw unknownKey(name, origin, { near: nearest(name, Object.keys(mindcvKeys)) });
    }
  }

  /** Whether the option was given, not left to its default. */
  given(name: string): boolean {
    return Object.hasOwn(this.flat.value, name);
  }

  /** The option's value; undefined where it is not given and there is no default to use. */
  get(name: string): unknown {
    if (this.given(name)) {
      const value = this.flat.value[name];
      return mindcvBooleans.has(name) ? booleanOf(value) : value;
    }
    const key = mindcvKeys[name];
    if (!this.defaults || !key || !('fallback' in key)) return undefined;
    return this.#isForImagesOnly(key.path) ? undefined : key.fallback;
  }

  /** Defaults of augmentation mean nothing to a data set that has none (MNIST). */
  #isForImagesOnly(path: string | undefined): boolean {
    if (path === undefined || !path.startsWith('data.')) return false;
    if (['data.use', 'data.batchSize', 'data.accumulate'].includes(path)) return false;
    return ![undefined, '', 'imagenet'].includes(this.flat.value['dataset'] as string | undefined);
  }

  /** Sets one of our values, unless it is undefined. @param name the MindCV option it came from */
  put(path: string, name: string | undefined, value: unknown): void {
    if (value === undefined) return;
    setAt(this.value, path.split('.'), value);
    this.origins.set(path, this.originOf(name));
    // Details of lists have positions of their own.
    if (name === undefined) return;
    for (const [inner, origin] of this.flat.origins) {
      if (inner.startsWith(`${name}.`)) this.origins.set(path + inner.slice(name.length), origin);
    }
  }

  /** The origin for a value that comes from this option; it keeps MindCV's name. */
  originOf(name: string | undefined): Origin {
    if (name === undefined) return { kind: 'mindcv-default', name: 'this model and data set' };
    const origin = this.flat.origins.get(name);
    if (!origin) return { kind: 'mindcv-default', name };
    return origin.kind === 'file' || origin.kind === 'flag' ? { ...origin, name } : origin;
  }
}

/** What MindCV's own parser takes for true and false. */
function booleanOf(value: unknown): unknown {
  const text = String(value).toLowerCase();
  if (['yes', 'true', '1'].includes(text)) return true;
  return ['no', 'false', '0'].includes(text) ? false : value;
}
