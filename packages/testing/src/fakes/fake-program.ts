import type { CompiledProgram, InferenceUse, RegionTime, TrainingUse } from '@refold/core';
import { activationBytes, count, type Graph } from '@refold/graph';

type Operation = CompiledProgram['operations'][number];

/**
 * What `fakeDevice({ compiles: true })` says it compiled: an operation for every node, in training one more for its
 * backward pass, each of a thousand operations and a hundred bytes, so that sums are easy to foretell.
 */
export function fakeProgram(graph: Graph, use: InferenceUse | TrainingUse): CompiledProgram {
  const nodes = graph.nodes.filter(({ op }) => op !== 'input');
  const of = (pass: Operation['pass']): readonly Operation[] =>
    nodes.map(({ name, op }) => {
      return { name, op, pass, algorithm: 'plain loops', flops: 1000, bytes: 100 };
    });
  const operations =
    use.kind === 'training' ? [...of('forward'), ...of('backward').toReversed()] : of('forward');
  const { parameters, buffers } = count(graph);
  return {
    compileMs: 1,
    arenaBytes: activationBytes(graph, use.batchSize),
    weightBytes: 4 * (parameters + buffers),
    flops: 1000 * operations.length,
    bytes: 100 * operations.length,
    operations,
  };
}

/** The regions of `fakeDevice({ compiles: true })`: a millisecond forward, two backward, by the first part of each path. */
export function fakeRegions(graph: Graph): readonly RegionTime[] {
  const nodes = graph.nodes.filter(({ op }) => op !== 'input');
  const names = new Set(nodes.map(({ name }) => name.split('.')[0]!));
  return [...names].map((name) => ({ name, forwardMs: 1, backwardMs: 2 }));
}
