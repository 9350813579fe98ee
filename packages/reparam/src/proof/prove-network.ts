import {
  evaluate,
  GraphBuilder,
  isRefoldError,
  randomOf,
  sizeOf,
  withoutLoss,
  type Graph,
  type NamedTensors,
  type Value,
} from '@refold/graph';
import { differenceOf } from './difference.js';
import type { NetworkProof } from './fusion-proof.js';

/** Logits `[N, classes]`. */
export interface LogitRows {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Both forms of a network on images of the caller's choice, computed by a device. */
export interface NetworkRun<Batch> {
  readonly batches: Iterable<Batch> | AsyncIterable<Batch>;
  run(form: 'train' | 'fused', batch: Batch): Promise<LogitRows>;
}

/** A form of a network with its weights. */
export interface WeightedGraph {
  readonly graph: Graph;
  readonly weights: NamedTensors;
}

/** Compares the answers of both forms on the caller's batches, sample by sample. */
export async function proveNetworkOn<Batch>({
  batches,
  run,
}: NetworkRun<Batch>): Promise<NetworkProof> {
  const tally = new Tally();
  for await (const batch of batches) {
    // One after the other: a device runs one session at a time best.
    const expected = await run('train', batch);
    tally.add(expected, await run('fused', batch));
  }
  return tally.result();
}

/** Largest side of the images that {@link proveNetwork} makes. */
const MAX_SIDE = 64;

/**
 * Compares the answers of both forms on random images in float64, without a device. The images are small (32 px
 * a side where the network's own are larger), because a network of any size must be proved in seconds.
 */
export function proveNetwork(
  train: WeightedGraph,
  fused: WeightedGraph,
  { probes, seed }: { readonly probes: number; readonly seed: number },
): NetworkProof {
  const { before, after, shape } = smallest(withoutLoss(train.graph), withoutLoss(fused.graph));
  const first = before.nodes[0]!;
  const bytes = first.op === 'input' && first.attrs.dtype === 'uint8';
  const random = randomOf(seed, 'prove', 'network');
  const tally = new Tally();
  for (let probe = 0; probe < probes; probe++) {
    const data = new Float32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = bytes ? random.int(256) : random.normal();
    const image = { shape: [1, ...shape], data };
    tally.add(
      evaluate(before, train.weights, image).get(before.output)!,
      evaluate(after, fused.weights, image).get(after.output)!,
    );
  }
  return tally.result();
}

function smallest(
  train: Graph,
  fused: Graph,
): { before: Graph; after: Graph; shape: readonly number[] } {
  const first = train.nodes[0]!;
  const own = first.op === 'input' ? first.attrs.shape : [];
  const [channels, height, width] = own;
  if (own.length === 3 && Math.max(height!, width!) > MAX_SIDE) {
    for (const side of [32, 64, 96]) {
      const shape = [channels!, Math.min(side, height!), Math.min(side, width!)];
      try {
        return { before: resized(train, shape), after: resized(fused, shape), shape };
      } catch (error) {
        // A flattened image ties the network to its size; then the next, at last its own.
        if (!isRefoldError(error) || error.code !== 'RF-GRAPH-SHAPE') throw error;
      }
    }
  }
  return { before: train, after: fused, shape: own };
}

function resized(graph: Graph, shape: readonly number[]): Graph {
  const [first, ...rest] = graph.nodes;
  if (first?.op !== 'input') return graph;
  const builder = new GraphBuilder({ ...first.attrs, shape });
  const values = new Map<string, Value>([['input', builder.input]]);
  for (const { op, name, inputs, attrs } of rest) {
    values.set(
      name,
      builder.node(
        op,
        name,
        inputs.map((input) => values.get(input)!),
        attrs,
      ),
    );
  }
  return builder.build(values.get(graph.output)!);
}

class Tally {
  #maxAbsError = 0;
  #maxRelError = 0;
  #agreeing = 0;
  #samples = 0;

  add(expected: LogitRows, received: LogitRows): void {
    const samples = expected.shape[0] ?? 0;
    const classes = expected.data.length / samples;
    for (let n = 0; n < samples; n++) {
      const [from, to] = [n * classes, (n + 1) * classes];
      const { abs, rel } = differenceOf(expected.data, received.data, from, to);
      this.#maxAbsError = Math.max(this.#maxAbsError, abs);
      this.#maxRelError = Math.max(this.#maxRelError, rel);
      if (argmax(expected.data, from, to) === argmax(received.data, from, to)) this.#agreeing += 1;
      this.#samples += 1;
    }
  }

  result(): NetworkProof {
    return {
      maxAbsError: this.#maxAbsError,
      // NaN where nothing was compared: no gate lets that pass.
      maxRelError: this.#samples === 0 ? NaN : this.#maxRelError,
      top1Agreement: this.#agreeing / this.#samples,
      samples: this.#samples,
    };
  }
}

function argmax(values: ArrayLike<number>, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
