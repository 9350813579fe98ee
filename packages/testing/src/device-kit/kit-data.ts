import type { Device, LabelledBatch, TrainingSession, TrainingUse } from '@refold/core';
import {
  randomOf,
  shapesOf,
  sizeOf,
  tensorsOf,
  withLoss,
  type Graph,
  type HostTensor,
  type SoftmaxCrossEntropyAttrs,
  type UpdateRule,
} from '@refold/graph';

/** Random tensors for a graph: nothing at its first value, so that nothing is right by chance. Variances are positive. */
export function kitWeights(graph: Graph, seed = 1): Map<string, HostTensor> {
  return new Map(
    tensorsOf(graph).map(({ name, shape, init }) => {
      const random = randomOf(seed, name);
      const fanIn = Math.max(1, sizeOf(shape.slice(1)));
      const centre = init.kind === 'constant' ? init.value : 0;
      const spread = init.kind === 'constant' ? 0.3 : 1 / Math.sqrt(fanIn);
      const data = Float32Array.from({ length: sizeOf(shape) }, () => {
        const value = centre + spread * random.normal();
        return name.endsWith('running_var') ? 0.2 + Math.abs(value) : value;
      });
      return [name, { shape, data }];
    }),
  );
}

export interface KitBatchOptions {
  readonly images?: number;
  readonly layout?: 'NHWC' | 'NCHW';
  /** Bytes instead of normal numbers. */
  readonly bytes?: boolean;
  readonly seed?: number;
  /** Rows that sum to one, beside the labels. */
  readonly soft?: boolean;
}

/** A random batch for a graph. The same images, whatever the layout. */
export function kitBatch(graph: Graph, options: KitBatchOptions = {}): LabelledBatch {
  const { images = 3, layout = 'NCHW', bytes = false, seed = 2, soft = false } = options;
  const shapes = shapesOf(graph);
  const [channels = 1, height = 1, width = 1] = shapes.get('input') ?? [];
  const [classes = 1] = shapes.get(graph.output) ?? [];
  const random = randomOf(seed, 'batch');
  const size = images * channels * height * width;
  const data = bytes ? new Uint8Array(size) : new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const plane = Math.floor(i / (height * width));
    const pixel = i % (height * width);
    const nhwc =
      (Math.floor(plane / channels) * height * width + pixel) * channels + (plane % channels);
    data[layout === 'NCHW' ? i : nhwc] = bytes ? random.int(256) : random.normal();
  }
  const labels = Int32Array.from({ length: images }, () => random.int(classes));
  const samples = Int32Array.from({ length: images }, (_, n) => n);
  const batch = { images, channels, height, width, layout, data, labels, samples };
  return soft ? { ...batch, targets: softTargets(labels, classes) } : batch;
}

/** Seven tenths for the label, three tenths for the class after it. */
function softTargets(labels: Int32Array, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  labels.forEach((label, n) => {
    targets[n * classes + label]! += 0.7;
    targets[n * classes + ((label + 1) % classes)]! += 0.3;
  });
  return targets;
}

/** p ← p − rate · g. */
export const plainRule: UpdateRule = {
  name: 'plain',
  slots: [],
  hyper: {},
  assignments: [
    {
      target: { parameter: true },
      value: {
        op: 'sub',
        a: { op: 'parameter' },
        b: { op: 'mul', a: { op: 'rate' }, b: { op: 'gradient' } },
      },
    },
  ],
};

export interface KitSessionOptions {
  readonly rule?: UpdateRule;
  readonly loss?: SoftmaxCrossEntropyAttrs;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly weights?: TrainingUse['weights'];
  readonly statistics?: TrainingUse['statistics'];
  readonly gradientMemory?: TrainingUse['gradientMemory'];
}

/** Loads a graph without loss for training, with the kit's weights. */
export function trainOn(
  device: Device,
  graph: Graph,
  options: KitSessionOptions = {},
): Promise<TrainingSession> {
  const loss = options.loss ?? { labelSmoothing: 0, targets: 'index' };
  return device.load(withLoss(graph, loss), {
    kind: 'training',
    precision: 'float32',
    batchSize: options.batchSize ?? 3,
    updateRule: options.rule ?? plainRule,
    seed: options.seed ?? 5,
    weights: options.weights ?? kitWeights(graph),
    ...(options.statistics && { statistics: options.statistics }),
    ...(options.gradientMemory && { gradientMemory: options.gradientMemory }),
  });
}

/** Every image twice, in the order of the batch and once more. */
export function twice(batch: LabelledBatch): LabelledBatch {
  const { images, data, labels, samples } = batch;
  const doubled = <T extends Uint8Array | Float32Array | Int32Array>(values: T): T => {
    const both = new (values.constructor as new (length: number) => T)(2 * values.length);
    both.set(values);
    both.set(values, values.length);
    return both;
  };
  return {
    ...batch,
    ...{ images: 2 * images, data: doubled(data) },
    ...{ labels: doubled(labels), samples: doubled(samples) },
  };
}

/** Gradients by parameter name, from all buckets. */
export async function gradientsOf(session: TrainingSession): Promise<Map<string, Float32Array>> {
  const gradients = new Map<string, Float32Array>();
  for (const bucket of session.gradients) {
    const values = await bucket.read();
    for (const { name, offset, length } of bucket.parameters)
      gradients.set(name, values.slice(offset, offset + length));
  }
  return gradients;
}
