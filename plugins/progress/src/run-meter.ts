import type { RefoldEvent } from '@refold/core';

type StepCompleted = Extract<RefoldEvent, { type: 'step-completed' }>;

/** What a progress line says. */
export interface Reading {
  /** Mean over the steps since the last reading. */
  readonly loss: number;
  /** Percent of those steps' training images. */
  readonly top1: number;
  readonly imagesPerSecond: number;
  /** Until the last step, at the pace of this process so far; validation not counted. */
  readonly secondsLeft: number;
}

/** Turns steps into readings. Time comes from the caller, in milliseconds, so that it can be tested. */
export class RunMeter {
  readonly #totalSteps: number;
  #loss = 0;
  #correct = 0;
  #images = 0;
  #steps = 0;
  #windowMs = 0;
  #allSteps = 0;
  #allMs = 0;

  constructor(totalSteps: number) {
    this.#totalSteps = totalSteps;
  }

  /** @param elapsedMs wall time of this step, waiting for data included */
  add({ loss, correct, images }: StepCompleted, elapsedMs: number): void {
    this.#loss += loss;
    this.#correct += correct;
    this.#images += images;
    this.#steps += 1;
    this.#windowMs += elapsedMs;
    this.#allSteps += 1;
    this.#allMs += elapsedMs;
  }

  /** What happened since the last reading. @param step updates made so far */
  read(step: number): Reading {
    const reading = {
      loss: this.#steps === 0 ? 0 : this.#loss / this.#steps,
      top1: this.#images === 0 ? 0 : (100 * this.#correct) / this.#images,
      imagesPerSecond: this.#windowMs === 0 ? 0 : (1000 * this.#images) / this.#windowMs,
      secondsLeft:
        this.#allSteps === 0
          ? 0
          : ((this.#totalSteps - step) * this.#allMs) / this.#allSteps / 1000,
    };
    this.#loss = this.#correct = this.#images = this.#steps = this.#windowMs = 0;
    return reading;
  }
}
