import { GraphBuilder, type Conv2dOptions, type Graph, type Value } from '@refold/graph';

/** Builds a network onto an image; its answer is the value it returns. */
export type Build = (b: GraphBuilder, x: Value) => Value;

/** A graph on small float images, of one odd and one even side unless told otherwise. */
export function graphOf(build: Build, shape: readonly number[] = [4, 9, 8]): Graph {
  const b = new GraphBuilder({ shape, dtype: 'float32' });
  return b.build(build(b, b.input));
}

/** `<name>.conv` and `<name>.bn`. */
export function convNorm(b: GraphBuilder, name: string, x: Value, options: Conv2dOptions): Value {
  return b.batchNorm(`${name}.bn`, b.conv2d(`${name}.conv`, x, options));
}

/** Ops of a graph after its input, in order. */
export function opsOf({ nodes }: Graph): readonly string[] {
  return nodes.slice(1).map(({ op }) => op);
}
