import type { Graph, Quantisation } from '@refold/graph';
import type { Runner } from './calibrate.js';
import { observed, observedGroups, observedParts } from './observed.js';

/** How far a value is from that of the float32 network, over all elements of all images. */
export interface LayerError {
  readonly name: string;
  /** ‖int8 − float32‖ / ‖float32‖ (2-norms). */
  readonly relError: number;
  /** Signal to quantisation noise: 20 · log₁₀(‖float32‖ / ‖int8 − float32‖), in decibels. Infinite where they are equal. */
  readonly sqnrDb: number;
}

export interface LayerErrorOptions<B> {
  batches(): Iterable<B> | AsyncIterable<B>;
  /** Runs an observed graph in float32, and quantised. */
  loadFloat(graph: Graph): Promise<Runner<B>>;
  loadQuantised(graph: Graph): Promise<Runner<B>>;
  readonly mostElements?: number;
}

/**
 * The error of every stored value and of the output, in the graph's order: what came in wrong is in it, so that errors grow
 * along the network and a jump tells the layer at fault.
 */
export async function layerErrors<B>(
  graph: Graph,
  { values }: Quantisation,
  { batches, loadFloat, loadQuantised, mostElements = 4 << 20 }: LayerErrorOptions<B>,
): Promise<readonly LayerError[]> {
  const names = graph.nodes
    .map(({ name }) => name)
    .filter((name) => values[name] !== undefined || name === graph.output);
  const errors: LayerError[] = [];
  for (const group of observedGroups(graph, names, mostElements)) {
    const parts = observedParts(graph, group).map((part) => ({ ...part, signal: 0, noise: 0 }));
    const [float, int8] = [
      await loadFloat(observed(graph, group)),
      await loadQuantised(observed(graph, group)),
    ];
    try {
      for await (const batch of batches()) {
        const [a, b] = [await float.infer(batch), await int8.infer(batch)];
        const row = a.data.length / a.images;
        for (let start = 0; start < a.data.length; start += row)
          for (const part of parts) compare(part, start, a.data, b.data);
      }
    } finally {
      await float.close();
      await int8.close();
    }
    errors.push(...parts.map(({ name, signal, noise }) => errorOf(name, signal, noise)));
  }
  return errors;
}

function compare(
  part: { readonly offset: number; readonly length: number; signal: number; noise: number },
  start: number,
  float: Float32Array,
  int8: Float32Array,
): void {
  const from = start + part.offset;
  for (let i = from; i < from + part.length; i++) {
    const x = float[i] as number;
    part.signal += x * x;
    part.noise += (x - (int8[i] as number)) ** 2;
  }
}

function errorOf(name: string, signal: number, noise: number): LayerError {
  const relError = noise === 0 ? 0 : Math.sqrt(noise / signal);
  return { name, relError, sqnrDb: -20 * Math.log10(relError) };
}
