import type { Host, RefoldEvent } from '@refold/core';

/** A host that remembers what was published. */
export interface FakeHost extends Host {
  readonly events: readonly RefoldEvent[];
}

/** What the pipeline lends to a provider, for calling `create` in a test. */
export function fakeHost(given: Partial<Pick<Host, 'baseDir' | 'seed'>> = {}): FakeHost {
  const events: RefoldEvent[] = [];
  return {
    baseDir: given.baseDir ?? process.cwd(),
    seed: given.seed ?? 42,
    events,
    emit: (event) => void events.push(event),
  };
}
