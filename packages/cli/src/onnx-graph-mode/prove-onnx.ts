import type { OnnxModel } from '@refold/formats';
import { isRefoldError } from '@refold/graph';
import { answerDifference, worseOf, type AnswerDifference } from '../onnx-runtime/difference-of.js';
import { openOnnxRuntime, type OnnxRuntime } from '../onnx-runtime/open-onnx-runtime.js';
import type { RuntimeTensor } from '../onnx-runtime/runtime-messages.js';
import { hasOpenSize, PROBE_SIDES, probeFeeds, type InputShapes } from './probe-feeds.js';

/** Measured difference of one output of a model. */
export interface OutputProof extends AnswerDifference {
  readonly name: string;
}

/** Measured difference of two models, over all outputs and probes. */
export interface OnnxNetworkProof extends AnswerDifference {
  /** Share of rows with the same largest value, where the first output is `[N, classes]`; null where it is not. */
  readonly top1Agreement: number | null;
  /** Probes. */
  readonly samples: number;
  readonly outputs: readonly OutputProof[];
}

/** A whole-network proof, or why there is none. */
export type OnnxProof =
  | {
      readonly network: OnnxNetworkProof;
      /** The inputs of the first probe. */
      readonly feeds: Readonly<Record<string, RuntimeTensor>>;
    }
  | { readonly network: null; readonly reason: string };

/**
 * Runs two models on the same random inputs in ONNX Runtime.
 *
 * @returns why not, where ONNX Runtime is not installed or does not take the original
 * @throws RefoldError `RF-CLI-ONNXRUNTIME-REFUSED` where it takes the original, but not the fused model
 */
export async function proveOnnx(
  model: OnnxModel,
  files: { readonly original: string; readonly fused: string },
  options: { readonly probes: number; readonly seed: number; readonly shapes: InputShapes },
): Promise<OnnxProof> {
  let original: OnnxRuntime;
  try {
    original = await openOnnxRuntime(files.original);
  } catch (error) {
    return refusal(error);
  }
  try {
    const first = await firstProbe(model, original, options);
    if ('reason' in first) return { network: null, reason: first.reason };
    const fused = await openOnnxRuntime(files.fused);
    try {
      const network = await compare(model, { original, fused }, first.side, options);
      return { network, feeds: first.feeds };
    } finally {
      await fused.close();
    }
  } finally {
    await original.close();
  }
}

async function firstProbe(
  model: OnnxModel,
  original: OnnxRuntime,
  { seed, shapes }: { readonly seed: number; readonly shapes: InputShapes },
) {
  let reason = 'an input has a type or shape that cannot be made up';
  for (const side of hasOpenSize(model) ? PROBE_SIDES : PROBE_SIDES.slice(0, 1)) {
    const feeds = probeFeeds(model, { seed, shapes, side, probe: 0 });
    if (!feeds) break;
    try {
      await original.shapes(feeds);
      return { feeds, side };
    } catch (error) {
      ({ reason } = refusal(error));
    }
  }
  return { reason };
}

async function compare(
  model: OnnxModel,
  { original, fused }: { readonly original: OnnxRuntime; readonly fused: OnnxRuntime },
  side: number,
  {
    probes,
    seed,
    shapes,
  }: { readonly probes: number; readonly seed: number; readonly shapes: InputShapes },
): Promise<OnnxNetworkProof> {
  const worst = new Map<string, AnswerDifference>();
  let [rows, agreeing] = [0, 0];
  for (let probe = 0; probe < probes; probe++) {
    const feeds = probeFeeds(model, { seed, shapes, side, probe })!;
    const [expected, received] = [await original.run(feeds), await fused.run(feeds)];
    for (const { name } of model.graph.outputs) {
      const [a, b] = [expected[name]!, received[name]!];
      const difference = answerDifference(a.data, b.data);
      worst.set(name, worseOf(worst.get(name) ?? difference, difference));
    }
    const [first] = model.graph.outputs;
    const [a, b] = [expected[first?.name ?? ''], received[first?.name ?? '']];
    if (a?.shape.length !== 2 || !b) continue;
    const [count = 0, classes = 0] = a.shape;
    for (let row = 0; row < count; row++) {
      const [from, to] = [row * classes, (row + 1) * classes];
      rows += 1;
      agreeing += largestAt(a.data, from, to) === largestAt(b.data, from, to) ? 1 : 0;
    }
  }
  const outputs = [...worst].map(([name, difference]) => ({ name, ...difference }));
  const none = { maxAbsError: 0, maxRelError: probes === 0 ? NaN : 0 };
  return {
    ...outputs.map(({ name: _, ...difference }) => difference).reduce(worseOf, none),
    top1Agreement: rows === 0 ? null : agreeing / rows,
    samples: probes,
    outputs,
  };
}

function largestAt(values: ArrayLike<number>, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function refusal(error: unknown): { readonly network: null; readonly reason: string } {
  if (!isRefoldError(error) || !error.code.startsWith('RF-CLI-ONNXRUNTIME-')) throw error;
  return { network: null, reason: error.parts.received ?? error.parts.message };
}
