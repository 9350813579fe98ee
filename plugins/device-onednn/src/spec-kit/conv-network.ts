import type { CompiledProgram } from '@refold/core';
import {
  randomOf,
  sizeOf,
  tensorsOf,
  type Graph,
  type HostTensor,
  type Random,
} from '@refold/graph';

/** A tensor of every name, the same for the same names. @param draw gets how many values one sum takes */
export function weightsOf(
  graph: Graph,
  draw: (random: Random, fan: number) => number,
): Map<string, HostTensor> {
  return new Map(
    tensorsOf(graph).map(({ name, shape }) => {
      const random = randomOf(4, name);
      const fan = sizeOf(shape.slice(1));
      const data = Float32Array.from({ length: sizeOf(shape) }, () => draw(random, fan));
      return [name, { shape, data }];
    }),
  );
}

/** Of about the size that keeps sums at one. */
export const evenly = (random: Random, fan: number): number => random.normal() / Math.sqrt(fan);

/** What computes the convolution `op` of a session, by pass. */
export function algorithmsOf({ compiled }: { readonly compiled?: CompiledProgram }): string[] {
  const own = compiled!.operations.filter(({ name }) => name === 'op');
  return own.map(({ pass, algorithm }) => `${pass} ${algorithm}`);
}
