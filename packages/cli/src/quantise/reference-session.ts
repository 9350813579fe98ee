import type { ImageBatch, InferenceSession } from '@refold/core';
import type { Graph, NamedTensors, Quantisation } from '@refold/graph';
import { evaluateQuantised } from '@refold/quantise';

/** The integer reference as a session, for devices that have no eight bits of their own: slow, and the same numbers. */
export function referenceSession(
  graph: Graph,
  weights: NamedTensors,
  quantisation: Quantisation,
): InferenceSession {
  return {
    infer: (batch) => {
      const { images, channels, height, width } = batch;
      const shape = [images, channels, height, width];
      const given = { shape, data: planesFirst(batch) };
      const logits = evaluateQuantised(graph, weights, quantisation, given).get(graph.output);
      const data = Float32Array.from(logits?.data ?? []);
      return Promise.resolve({ images, classes: data.length / images, data });
    },
    close: () => Promise.resolve(),
  };
}

/** A batch's data in NCHW. */
function planesFirst({ layout, data, channels, height, width }: ImageBatch): ArrayLike<number> {
  if (layout === 'NCHW') return data;
  const area = height * width;
  return data.map((_, i) => {
    const pixel = i % area;
    const plane = Math.floor(i / area);
    const image = Math.floor(plane / channels);
    return data[(image * area + pixel) * channels + (plane % channels)] as number;
  });
}
