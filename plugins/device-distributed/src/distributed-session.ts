import { setTimeout } from 'node:timers/promises';
import type {
  BorrowedGradients,
  CompiledProgram,
  GradientBuckets,
  ImageBatch,
  LabelledBatch,
  Logits,
  StepOutcome,
  TrainingSession,
} from '@refold/core';
import { InternalError, type NamedTensors } from '@refold/graph';
import type { GradientMemory } from './gradient-memory.js';
import type { ReplicaSums } from './replica-sums.js';
import type { RunningStatistics } from './running-statistics.js';
import { summingRounds } from './summing-rounds.js';

/** How long a replica that failed waits for a sum that others may never join. */
export const GRACE_MS = 5_000;

export interface DistributedSessionParts {
  readonly inner: TrainingSession;
  readonly group: ReplicaSums;
  /** Passes before each update: gradients are summed over the replicas in the last of them. */
  readonly accumulate: number;
  readonly memory: GradientMemory;
  /** Whether buckets are summed while the backward pass goes on. */
  readonly overlap: boolean;
  /** Absent where batch norms are synchronised: running statistics are equal then. */
  readonly statistics: RunningStatistics | null;
}

/**
 * Trains one replica's part of each global batch on the inner device. Between the last backward pass and the update the
 * gradients of all replicas are averaged, in the order in which backward finishes them: where they are to overlap and the
 * inner device reports them early (more than one bucket), while it goes on, else after it.
 */
export class DistributedSession implements TrainingSession {
  readonly gradients: GradientBuckets;
  readonly compiled?: CompiledProgram;
  /** Places of the buckets that are summed together. */
  readonly #rounds: readonly (readonly number[])[];
  #averaging: Promise<void> | null = null;
  #isOver = true;
  /** Passes since the last update. */
  #passes = 0;
  #isSettled = true;

  constructor(private readonly parts: DistributedSessionParts) {
    const { gradients, compiled } = parts.inner;
    this.gradients = gradients;
    const lengths = gradients.map(({ length }) => length);
    this.#rounds = summingRounds(lengths, parts.memory.isShared);
    if (compiled) this.compiled = compiled;
  }

  async backward(batch: LabelledBatch): Promise<StepOutcome> {
    const { inner, accumulate, group } = this.parts;
    if (group.size === 1) return inner.backward(batch);
    if (this.#passes === accumulate)
      throw new InternalError(`More passes before an update than the ${accumulate} announced.`);
    this.#isSettled = false;
    const running = inner.backward(batch);
    const isLast = ++this.#passes === accumulate;
    const averaging = isLast ? this.#average(running) : null;
    // Its own failure is that of the pass, or is thrown below.
    averaging?.catch(() => undefined);
    this.#averaging = averaging;
    const outcome = await running;
    const passed = performance.now();
    await averaging;
    this.#averaging = null;
    const together = await this.#together(outcome);
    return { ...outcome, ...together, allReduceMs: performance.now() - passed };
  }

  async update(rate: number): Promise<void> {
    this.#passes = 0;
    await this.parts.inner.update(rate);
  }

  async read(): Promise<NamedTensors> {
    await this.settle();
    return this.parts.inner.read();
  }

  async write(tensors: NamedTensors): Promise<void> {
    await this.parts.inner.write(tensors);
  }

  infer(batch: ImageBatch): Promise<Logits> {
    return this.parts.inner.infer(batch);
  }

  async settle(): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    await this.parts.statistics?.average(this.parts.inner);
  }

  /** Leaves memory to the sum that is under way where the others never join it, because this replica failed. */
  async close(): Promise<void> {
    const ended = this.#averaging?.catch(() => undefined).then(() => true) ?? true;
    this.#isOver = await Promise.race([ended, setTimeout(GRACE_MS, false, { ref: false })]);
    if (!this.#isOver) return;
    await this.parts.inner.close();
    this.parts.memory.release();
  }

  /** False once it was closed in the middle of a sum. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param pass beside which buckets are added; only after it does anybody wait for what shared memory lacks */
  async #average(pass: Promise<unknown>): Promise<void> {
    const { group, memory, overlap } = this.parts;
    if (!overlap || this.gradients.length === 1) await pass;
    const lent: BorrowedGradients[] = [];
    for (const round of this.#rounds) {
      // The last one first: when it is ready the others are, and nobody was woken for them.
      for (const i of [...round].reverse())
        lent[i] = await memory.gradientsOf(this.gradients[i]!, i);
      await memory.add(round.map((i) => lent[i]!.values));
    }
    await pass;
    await memory.finish();
    for (const [i, { values, count }] of lent.entries())
      await this.gradients[i]!.write(values, count * group.size);
  }

  /** What all replicas saw; each has as many images. */
  async #together({ loss, images, correct }: StepOutcome) {
    const { group } = this.parts;
    const sums = Float64Array.of(loss * images, images, correct);
    await group.allReduceSum(sums);
    const [losses, all, right] = sums as unknown as [number, number, number];
    return { loss: losses / all, images: all, correct: right };
  }
}
