import {
  evaluate,
  randomOf,
  sizeOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
} from '@refold/graph';
import { fuse, fuseInto, type FuseOptions, type FusionResult } from '../fuse.js';
import { differenceOf } from '../proof/difference.js';

/** Relative error of a graph's fusion on two random images: of the algebra alone, and with weights rounded. */
export function fusionErrors(
  graph: Graph,
  weights: NamedTensors,
  options: FuseOptions = {},
): { readonly algebra: number; readonly rounded: number; readonly fusion: FusionResult } {
  const fusion = fuse(graph, weights, options);
  const exact = new Map<string, HostTensor>(fusion.weights);
  fuseInto(graph, weights, options, (name, shape, values) => {
    // `evaluate` computes with whatever numbers it is given.
    exact.set(name, { shape, data: values as unknown as Float32Array });
  });
  const first = graph.nodes[0]!;
  const shape = [2, ...(first.op === 'input' ? first.attrs.shape : [])];
  const random = randomOf(7);
  const data = Float64Array.from({ length: sizeOf(shape) }, () => random.normal());
  const answer = (form: Graph, numbers: NamedTensors): Float64Array =>
    evaluate(form, numbers, { shape, data }).get(form.output)!.data;
  const expected = answer(graph, weights);
  return {
    algebra: differenceOf(expected, answer(fusion.graph, exact)).rel,
    rounded: differenceOf(expected, answer(fusion.graph, fusion.weights)).rel,
    fusion,
  };
}
