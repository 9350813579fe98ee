import type { GraphNode } from '@refold/graph';

/**
 * Sorts convolutions of one input that follow each other by their kernels. Backward meets the large ones first, then: with
 * strides they write the input's gradient faster than they add to it, while a 1×1 kernel reaches few of its pixels.
 */
export function smallKernelsFirst(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const runs: GraphNode[][] = [];
  for (const node of nodes) {
    const run = runs.at(-1);
    const isNext = kernelArea(node) > 0 && run?.[0]?.inputs[0] === node.inputs[0];
    if (run && isNext && kernelArea(run[0] as GraphNode) > 0) run.push(node);
    else runs.push([node]);
  }
  return runs.flatMap((run) => run.toSorted((a, b) => kernelArea(a) - kernelArea(b)));
}

/** 0: no convolution. */
function kernelArea({ op, attrs }: GraphNode): number {
  return op === 'conv2d' ? attrs.kernel[0] * attrs.kernel[1] : 0;
}
