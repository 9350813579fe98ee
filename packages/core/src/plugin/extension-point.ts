/**
 * A place where plugins take part: the token of a type `T` in the run's container.
 * By convention the token has the name of the interface it stands for, so that one import gives both.
 */
export interface ExtensionPoint<T> {
  readonly name: string;
  /** Section of the configuration whose `use` chooses a provider; null where every listed provider takes part. */
  readonly section: string | null;
  /** `one`: exactly one provider is chosen. `many`: all take part, in plugin order. */
  readonly cardinality: 'one' | 'many';
  /** Carries the type only; never set. */
  readonly type?: T;
}

/** @internal Points are core's: plugins provide them, they do not define new ones. */
export function definePoint<T>(point: Omit<ExtensionPoint<T>, 'type'>): ExtensionPoint<T> {
  return Object.freeze(point);
}
