import {
  initialise,
  sizeOf,
  tensorsOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
} from '@refold/graph';

/** Starting weights and what became of the given ones. */
export interface MergedWeights {
  readonly weights: Map<string, HostTensor>;
  /** Tensors of the graph that were not given. */
  readonly missing: readonly string[];
  /** Given, but of another shape (a head for other classes): initialised afresh. */
  readonly reinitialised: readonly string[];
  /** Given, but not in the graph. */
  readonly unexpected: readonly string[];
}

/**
 * Fresh weights by the graph's initialisers, replaced by the given ones where name and shape agree
 * (fine-tuning). The result is complete and owned by the caller; nothing given is changed.
 */
export function mergeWeights(
  graph: Graph,
  seed: number,
  given: NamedTensors | null,
): MergedWeights {
  const weights = new Map(initialise(graph, seed));
  const missing: string[] = [];
  const reinitialised: string[] = [];
  if (given) {
    for (const { name, shape } of tensorsOf(graph)) {
      const tensor = given.get(name);
      if (!tensor) missing.push(name);
      else if (!sameShape(tensor.shape, shape)) reinitialised.push(name);
      else weights.set(name, { shape, data: tensor.data.slice(0, sizeOf(shape)) });
    }
  }
  const unexpected = [...(given?.keys() ?? [])].filter(
    (name) => !weights.has(name) && !name.startsWith('optimizer.'),
  );
  return { weights, missing, reinitialised, unexpected };
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}
