import type { Device, ImageBatch } from '@refold/core';
import {
  evaluate,
  randomOf,
  sizeOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type Quantisation,
  type ValueQuantisation,
} from '@refold/graph';
import { planQuantisation, quantise, valueQuantisation } from '@refold/quantise';

/** Images that fit a graph's input of bytes or floats, the same for the same seed; NCHW. */
export function imagesFor({ nodes }: Graph, images: number, seed = 7): ImageBatch {
  const [input] = nodes;
  if (input?.op !== 'input') throw new Error('A graph begins with its input.');
  const { shape, dtype } = input.attrs;
  const [channels = 1, height = 1, width = 1] = shape;
  const random = randomOf(seed, 'images');
  const length = images * sizeOf(shape);
  const data =
    dtype === 'uint8'
      ? Uint8Array.from({ length }, () => random.int(256))
      : Float32Array.from({ length }, () => random.normal());
  return { images, channels, height, width, layout: 'NCHW', data };
}

/** A batch as the references take it. */
export function valuesOf(graph: Graph, { images, data }: ImageBatch) {
  const [input] = graph.nodes;
  if (input?.op !== 'input') throw new Error('A graph begins with its input.');
  return { shape: [images, ...input.attrs.shape], data: Float64Array.from(data) };
}

/** By ranges of these very images. */
export function quantisationOf(
  graph: Graph,
  weights: NamedTensors,
  batch: ImageBatch,
  keepFloat: readonly string[] = [],
): Quantisation {
  const { values } = planQuantisation(graph, keepFloat);
  return quantise(graph, weights, rangesOf(graph, weights, batch, values), { keepFloat });
}

/** Some of the values and weights, by chance: also what `quantise` would leave alone. */
export function arbitraryQuantisation(
  graph: Graph,
  weights: ReadonlyMap<string, HostTensor>,
  batch: ImageBatch,
  seed: number,
): Quantisation {
  const random = randomOf(seed, 'which');
  const names = graph.nodes.map(({ name }) => name);
  const chosen = names.filter((name) => name !== graph.output && random.uniform() < 0.5);
  const ranges = rangesOf(graph, weights, batch, chosen);
  const values: Record<string, ValueQuantisation> = {};
  for (const [name, range] of Object.entries(ranges)) {
    const value = valueQuantisation(range);
    values[name] =
      random.uniform() < 0.3
        ? { ...value, dtype: 'int8', zeroPoint: value.zeroPoint - 128 }
        : value;
  }
  const scales: Record<string, number[]> = {};
  for (const { name, op } of graph.nodes) {
    if ((op !== 'conv2d' && op !== 'linear') || random.uniform() < 0.3) continue;
    const { shape, data } = weights.get(`${name}.weight`)!;
    const each = sizeOf(shape.slice(1));
    scales[`${name}.weight`] = Array.from({ length: shape[0]! }, (_, o) =>
      Math.fround(Math.max(...data.subarray(o * each, (o + 1) * each).map(Math.abs)) / 127 + 1e-6),
    );
  }
  return { values, weights: scales };
}

function rangesOf(
  graph: Graph,
  weights: NamedTensors,
  batch: ImageBatch,
  names: readonly string[],
) {
  const seen = evaluate(graph, weights, valuesOf(graph, batch), { outputs: names });
  return Object.fromEntries(
    names.map((name) => {
      const { data } = seen.get(name)!;
      const ends = { min: Infinity, max: -Infinity };
      for (const value of data) {
        ends.min = Math.min(ends.min, value);
        ends.max = Math.max(ends.max, value);
      }
      return [name, ends];
    }),
  );
}

/** What a device computes in eight bits, and what it says that computes. */
export async function inferInt8(
  device: Device,
  graph: Graph,
  weights: NamedTensors,
  quantisation: Quantisation,
  batch: ImageBatch,
) {
  const use = { kind: 'inference', precision: 'int8', weights, quantisation } as const;
  const session = await device.load(graph, { ...use, batchSize: batch.images });
  const { data } = await session.infer(batch);
  const { operations } = session.compiled!;
  await session.close();
  return { data, operations };
}
