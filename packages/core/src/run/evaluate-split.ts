import type { ImageBatch, LabelledBatch, Split } from '../points/dataset.js';
import type { Logits, ReplicaGroup } from '../points/device.js';
import { scoreBatch } from './score-batch.js';

/** Result of an evaluation over every replica. Rates in percent, the loss a mean over images (no smoothing). */
export interface Evaluation {
  readonly images: number;
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
  readonly imagesPerSecond: number;
}

/** What was predicted for one image. */
export interface ImagePrediction {
  readonly sample: number;
  readonly label: number;
  readonly predicted: number;
  readonly logits: Float32Array;
}

export interface EvaluateSplitOptions {
  readonly split: Split;
  readonly batchSize: number;
  readonly group: ReplicaGroup;
  infer(batch: ImageBatch): Promise<Logits>;
  /** Called for every image of this replica, in order. `logits` is a view, valid during the call. */
  onImage?(prediction: ImagePrediction): void;
  /** Called after every batch with the images of this replica done so far. */
  onProgress?(images: number): void;
}

/** Counts each sample of a split exactly once, on any number of replicas. */
export async function evaluateSplit(options: EvaluateSplitOptions): Promise<Evaluation> {
  const { split, batchSize, group } = options;
  const sums = new Float64Array(4);
  const started = performance.now();
  const plan = { batchSize, seed: 0, epoch: 0, rank: group.rank, replicas: group.size };
  for await (const batch of split.batches(plan)) {
    const logits = await options.infer(batch);
    const score = scoreBatch(logits, batch.labels);
    sums[0]! += batch.images;
    sums[1]! += score.top1;
    sums[2]! += score.top5;
    sums[3]! += score.loss;
    if (options.onImage) reportImages(batch, logits, score.predicted, options.onImage);
    options.onProgress?.(sums[0]!);
  }
  await group.allReduceSum(sums);
  const [images, top1, top5, loss] = sums as unknown as [number, number, number, number];
  const seconds = (performance.now() - started) / 1000;
  const per = (sum: number, scale: number): number => (images === 0 ? 0 : (scale * sum) / images);
  return {
    images,
    top1: per(top1, 100),
    top5: per(top5, 100),
    loss: per(loss, 1),
    imagesPerSecond: images / seconds,
  };
}

function reportImages(
  batch: LabelledBatch,
  { classes, data }: Logits,
  predicted: Int32Array,
  onImage: (prediction: ImagePrediction) => void,
): void {
  for (let i = 0; i < batch.images; i++) {
    onImage({
      sample: batch.samples[i]!,
      label: batch.labels[i]!,
      predicted: predicted[i]!,
      logits: data.subarray(i * classes, (i + 1) * classes),
    });
  }
}
