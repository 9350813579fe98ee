import { sizeOf, tensorsOf, type Graph, type TensorSpec } from '@refold/graph';

/** Elements after which a bucket of gradients is full: 4 MiB. */
const bucketElements = 1 << 20;

export interface OrderedTensors {
  /** Parameters in the order in which backward finishes them, those that nothing needs last; then buffers. */
  readonly specs: readonly TensorSpec[];
  readonly parameterCount: number;
  readonly indexOf: (name: string) => number;
  /** First parameter of each bucket. */
  readonly buckets: readonly number[];
}

/** @param owners nodes with tensors, in the order in which backward finishes them */
export function orderTensors(graph: Graph, owners: readonly string[]): OrderedTensors {
  const all = tensorsOf(graph);
  const place = new Map(owners.map((owner, index) => [owner, index]));
  const placeOf = ({ name }: TensorSpec) =>
    place.get(name.slice(0, name.lastIndexOf('.'))) ?? Infinity;
  // Stable: weight stays before bias, and what nothing needs in the graph's order.
  const parameters = all
    .filter(({ kind }) => kind === 'parameter')
    .sort((a, b) => (placeOf(a) === placeOf(b) ? 0 : placeOf(a) - placeOf(b)));
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
