import { sizeOf, tensorsOf, type Graph, type TensorSpec } from '@refold/graph';

/** Elements of a bucket of gradients: 4 MiB. */
const bucketElements = 1 << 20;

export interface OrderedTensors {
  /** Parameters in the order in which backward finishes them, those that nothing needs last; then buffers. */
  readonly specs: readonly TensorSpec[];
  readonly parameterCount: number;
  readonly indexOf: (name: string) => number;
  /** First parameter of each bucket. */
  readonly buckets: readonly number[];
}

/** @param finished names of parameters in the order in which backward finishes them */
export function orderTensors(graph: Graph, finished: readonly string[]): OrderedTensors {
  const all = tensorsOf(graph);
  const byName = new Map(all.map((spec) => [spec.name, spec]));
  const first = [...new Set(finished)].map((name) => byName.get(name) as TensorSpec);
  const isFirst = new Set(first);
  const rest = all.filter((spec) => spec.kind === 'parameter' && !isFirst.has(spec));
  const parameters = [...first, ...rest];
  const specs = [...parameters, ...all.filter(({ kind }) => kind === 'buffer')];
  const indices = new Map(specs.map(({ name }, index) => [name, index]));
  return {
    specs,
    parameterCount: parameters.length,
    indexOf: (name) => indices.get(name) ?? -1,
    buckets: bucketsOf(parameters),
  };
}

function bucketsOf(parameters: readonly TensorSpec[]): readonly number[] {
  const starts: number[] = [];
  let filled = Infinity;
  parameters.forEach(({ shape }, index) => {
    if (filled >= bucketElements) {
      starts.push(index);
      filled = 0;
    }
    filled += sizeOf(shape);
  });
  return starts;
}
