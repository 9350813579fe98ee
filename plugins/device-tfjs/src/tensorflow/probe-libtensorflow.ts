import { tensorflowNotFound } from './errors.js';
import type { FoundTensorflow, TensorflowPlaces, TensorflowSearch } from './find-libtensorflow.js';
import { findLibtensorflow } from './find-libtensorflow.js';
import { loadTensorflow } from './load-tensorflow.js';

/** What `refold doctor` says about TensorFlow. */
export interface TensorflowProbe {
  /** True when the library was found, loads and has every function that the binding needs. */
  readonly usable: boolean;
  /** `TF_Version()` of the loaded library. */
  readonly version?: string;
  readonly found?: FoundTensorflow;
  /** Why it is not usable, with what is missing where. */
  readonly reason?: string;
}

/**
 * Finds libtensorflow and loads it (about half a second and 350 MB the first time in a process;
 * it cannot be unloaded) to learn its version. Never throws.
 */
export function probeLibtensorflow(places: TensorflowPlaces = {}): TensorflowProbe {
  const search = findLibtensorflow(places);
  if (!search.found)
    return { usable: false, reason: tensorflowNotFound(describeSearch(search)).message };
  try {
    const version = loadTensorflow(search.found.libraryPath).version();
    return { usable: true, version, found: search.found };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { usable: false, found: search.found, reason };
  }
}

/** One line per folder looked at: folder, why, what it lacks. */
export function describeSearch(search: TensorflowSearch): string[] {
  return search.lookedAt.map(
    ({ folder, origin, missing }) => `${folder} (${origin}): no ${missing.join(', no ')}`,
  );
}
