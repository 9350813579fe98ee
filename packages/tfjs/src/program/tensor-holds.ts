import type { Tensor } from '@tensorflow/tfjs-core';

/** Who still needs which tensor: a tensor is disposed when its last holder lets go. */
export class TensorHolds {
  readonly #counts = new Map<Tensor, number>();

  hold(tensor: Tensor, times = 1): void {
    if (times > 0) this.#counts.set(tensor, (this.#counts.get(tensor) ?? 0) + times);
    else if (!this.#counts.has(tensor)) tensor.dispose();
  }

  drop(tensor: Tensor): void {
    const left = (this.#counts.get(tensor) ?? 1) - 1;
    if (left > 0) {
      this.#counts.set(tensor, left);
    } else {
      this.#counts.delete(tensor);
      tensor.dispose();
    }
  }

  /** Lets go of everything, for whoever. */
  clear(): void {
    for (const tensor of this.#counts.keys()) tensor.dispose();
    this.#counts.clear();
  }
}
