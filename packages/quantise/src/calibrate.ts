import type { Graph } from '@refold/graph';
import { noImages } from './errors.js';
import { Histogram } from './histogram.js';
import { observed, observedGroups, observedParts } from './observed.js';
import { planQuantisation } from './plan-quantisation.js';
import { rangeBy, type CalibrationMethod } from './range-methods.js';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** By node name. */
export type Ranges = Readonly<Record<string, Range>>;

/** Answers of a network: row-major `[images, length]`. A device's session gives such ones. */
export interface ObservedRows {
  readonly images: number;
  readonly data: Float32Array;
}

/** Runs one graph on batches; a device's session is one. */
export interface Runner<B> {
  infer(batch: B): Promise<ObservedRows>;
  close(): Promise<void>;
}

export interface CalibrateOptions<B> {
  /** Batches of images, once for each group of values: the same ones each time. */
  batches(): Iterable<B> | AsyncIterable<B>;
  /** Makes a graph ready to run, with the weights of the network: `device.load`. */
  load(graph: Graph): Promise<Runner<B>>;
  /** Default: the percentile 99.99. */
  readonly method?: CalibrationMethod;
  readonly keepFloat?: readonly string[];
  /** Most elements of a sample's observed values at once; default 4 M. Bounds memory: times images of a batch, four bytes. */
  readonly mostElements?: number;
}

export const DEFAULT_METHOD: CalibrationMethod = { kind: 'percentile', percent: 99.99 };

/**
 * Ranges of the values that are to be stored in eight bits, from a float32 network on real images. Streams: of each value a
 * histogram is kept, no batch.
 *
 * @throws RefoldError `RF-QUANTISE-TRAIN-FORM`, `RF-QUANTISE-NODE`, `RF-QUANTISE-NO-IMAGES`, `RF-QUANTISE-NON-FINITE`
 */
export async function calibrate<B>(graph: Graph, options: CalibrateOptions<B>): Promise<Ranges> {
  const { method = DEFAULT_METHOD, keepFloat, mostElements = 4 << 20 } = options;
  const { values } = planQuantisation(graph, keepFloat);
  const ranges: Record<string, Range> = {};
  for (const names of observedGroups(graph, values, mostElements)) {
    const parts = observedParts(graph, names).map((part) => ({
      ...part,
      histogram: new Histogram(part.name),
    }));
    const runner = await options.load(observed(graph, names));
    try {
      let seen = 0;
      for await (const batch of options.batches()) {
        const { images, data } = await runner.infer(batch);
        const row = data.length / images;
        for (let image = 0; image < images; image++)
          for (const { histogram, offset, length } of parts)
            histogram.add(data.subarray(image * row + offset, image * row + offset + length));
        seen += images;
      }
      if (seen === 0) throw noImages();
    } finally {
      await runner.close();
    }
    for (const { name, histogram } of parts) ranges[name] = rangeBy(method, histogram);
  }
  return ranges;
}
