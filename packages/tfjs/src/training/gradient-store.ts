import type { GradientBucket } from '@refold/core';
import { sizeOf, type TensorSpec } from '@refold/graph';
import { add, mul, tidy, zeros, type Tensor } from '@tensorflow/tfjs-core';
import { gradientsMissing } from '../errors.js';
import { onBackend } from '../on-backend.js';
import type { WeightStore } from '../weights/weight-store.js';

/** Sums of the gradients since the last update, in device layout, and their one bucket. Owns the tensors. */
export class GradientStore {
  readonly bucket: GradientBucket;
  readonly #sums = new Map<string, Tensor>();
  /** Gradients summed: of backward passes, or as many as were written. */
  #passes = 0;

  /** @param parameters in the order in which backward finishes them */
  constructor(
    parameters: readonly TensorSpec[],
    private readonly weights: WeightStore,
    private readonly backend: string,
  ) {
    let offset = 0;
    const places = parameters.map(({ name, shape }) => {
      const length = sizeOf(shape);
      offset += length;
      return { name, offset: offset - length, length };
    });
    this.bucket = {
      parameters: places,
      length: offset,
      read: (into) => this.#read(into),
      write: (values, count) => this.#write(values, count),
    };
  }

  /** Backward passes since the last update. */
  get passes(): number {
    return this.#passes;
  }

  /** Takes ownership of one parameter's gradient of the running pass. */
  receive(name: string, gradient: Tensor): void {
    const before = this.#sums.get(name);
    if (before) {
      this.#sums.set(name, add(before, gradient));
      before.dispose();
      gradient.dispose();
    } else {
      this.#sums.set(name, gradient);
    }
  }

  endPass(): void {
    this.#passes++;
  }

  /** Mean gradient of a parameter over the passes. Call inside a `tf.tidy`, dispose nothing. */
  mean(name: string): Tensor {
    const sum = this.#sums.get(name);
    if (!sum) return zeros(this.weights.layout(name).deviceShape as number[]);
    return this.#passes === 1 ? sum : mul(sum, 1 / this.#passes);
  }

  clear(): void {
    for (const tensor of this.#sums.values()) tensor.dispose();
    this.#sums.clear();
    this.#passes = 0;
  }

  /** @throws RefoldError `RF-DEVICE-NO-GRADIENTS` */
  requirePass(): void {
    if (this.#passes === 0) throw gradientsMissing();
  }

  async #read(into?: Float32Array): Promise<Float32Array> {
    this.requirePass();
    const flat = into ?? new Float32Array(this.bucket.length);
    for (const { name, offset } of this.bucket.parameters) {
      const mean = onBackend(this.backend, () => tidy(() => mul(this.mean(name), 1)));
      const { data } = await this.weights.download(name, mean);
      mean.dispose();
      flat.set(data, offset);
    }
    return flat;
  }

  #write(values: Float32Array, count = 1): Promise<void> {
    this.requirePass();
    onBackend(this.backend, () => {
      for (const { name, offset, length } of this.bucket.parameters) {
        this.#sums.get(name)?.dispose();
        this.#sums.set(name, this.weights.upload(name, values.subarray(offset, offset + length)));
      }
    });
    this.#passes = count;
    return Promise.resolve();
  }
}
