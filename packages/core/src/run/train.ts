import { lossNotFinite, nothingToResume, validationNotFinite } from './errors.js';
import type { LabelledBatch } from '../points/dataset.js';
import type { StepOutcome } from '../points/device.js';
import { evaluateSplit } from './evaluate-split.js';
import { RegionTimes } from './region-times.js';
import { rateAt } from './run-plan.js';
import { runStarted } from './run-started.js';
import type { TrainingRun } from './training-run.js';

/**
 * The run loop: restores, trains epoch by epoch, validates, and leaves everything else to callbacks.
 *
 * @throws RefoldError `RF-RUN-NON-FINITE-LOSS` (exit 3), and whatever callbacks, data or device throw
 */
export async function train(run: TrainingRun): Promise<void> {
  const { plan } = run.parts;
  runStarted(run, await restore(run));
  await run.hook((callback) => callback.runStarting?.(run));
  while (run.position.epoch < plan.epochs && (midEpoch(run) || !finished(run))) {
    const { epoch } = run.position;
    await run.hook((callback) => callback.epochStarting?.(run, epoch));
    await trainEpoch(run, epoch);
    if (run.interrupted) return;
    const whole = stepsDone(run) >= plan.stepsPerEpoch;
    const over = epoch + 1 === plan.epochs || finished(run);
    if (plan.validateEvery > 0 && (over || (epoch + 1) % plan.validateEvery === 0)) {
      await validate(run, epoch);
    }
    // Ended by maxSteps within an epoch: the position stays there, so that a longer run can go on exactly.
    if (!whole) break;
    run.position = { epoch: epoch + 1, batch: 0, step: run.position.step };
    await run.hook((callback) => callback.epochEnded?.(run, epoch));
  }
  await run.hook((callback) => callback.runEnded?.(run));
}

/** @returns whether the run goes on from an earlier one */
async function restore(run: TrainingRun): Promise<boolean> {
  const from = run.parts.plan.resume;
  if (from === null) return false;
  if (!run.parts.callbacks.some((callback) => callback.restore)) throw nothingToResume(from);
  for (const callback of run.parts.callbacks) {
    const state = await callback.restore?.(run, from);
    if (state) {
      await run.goOnFrom(state);
      return true;
    }
  }
  if (from !== 'auto') throw nothingToResume(from);
  return false;
}

/** One epoch from `position.batch` on, or what is left before the run ends. */
async function trainEpoch(run: TrainingRun, epoch: number): Promise<void> {
  const { plan, session, dataset, device } = run.parts;
  const started = performance.now();
  const firstBatch = run.position.batch;
  const sums = { loss: 0, correct: 0, images: 0, batches: 0 };
  const times = new RegionTimes();
  const batches = dataset.train.batches({
    batchSize: plan.batchSize,
    seed: plan.seed,
    epoch,
    rank: device.group.rank,
    replicas: plan.replicas,
    firstBatch,
  });
  let parts: StepParts[] = [];
  for await (const { batch, dataMs } of timed(batches)) {
    if (stepsDone(run) >= plan.stepsPerEpoch || finished(run)) break;
    const outcome = await session.backward(batch);
    if (!Number.isFinite(outcome.loss)) {
      const at = { ...run.position, batch: run.position.batch + parts.length };
      throw lossNotFinite(outcome.loss, at, batch);
    }
    parts.push({ outcome, dataMs });
    sums.loss += outcome.loss;
    sums.correct += outcome.correct;
    sums.images += outcome.images;
    sums.batches++;
    times.add(outcome);
    if (parts.length < plan.accumulate) continue;
    await update(run, epoch, parts);
    parts = [];
    await obey(run, epoch);
    if (run.interrupted) return;
  }
  // Nothing was left of an epoch that an earlier process trained to its last step.
  if (sums.batches === 0) return;
  run.emit({
    type: 'epoch-completed',
    epoch,
    firstBatch,
    loss: sums.loss / sums.batches,
    top1: (100 * sums.correct) / sums.images,
    images: sums.images,
    seconds: (performance.now() - started) / 1000,
  });
  const steps = sums.batches / plan.accumulate;
  const regions = times.meansOver(steps);
  if (regions.length > 0) run.emit({ type: 'regions-timed', epoch, steps, regions });
}

interface StepParts {
  readonly outcome: StepOutcome;
  readonly dataMs: number;
}

/** One update from the gradients of one or more backward passes. */
async function update(run: TrainingRun, epoch: number, parts: readonly StepParts[]): Promise<void> {
  const { plan, session } = run.parts;
  const { batch, step } = run.position;
  const rate = rateAt(plan, step);
  const started = performance.now();
  await session.update(rate);
  const updateMs = performance.now() - started;
  run.position = { epoch, batch: batch + parts.length, step: step + 1 };
  const sum = (of: (part: StepParts) => number): number => parts.reduce((s, p) => s + of(p), 0);
  const outcome: StepOutcome = {
    loss: sum((p) => p.outcome.loss) / parts.length,
    images: sum((p) => p.outcome.images),
    correct: sum((p) => p.outcome.correct),
    forwardMs: sum((p) => p.outcome.forwardMs),
    backwardMs: sum((p) => p.outcome.backwardMs),
    allReduceMs: sum((p) => p.outcome.allReduceMs ?? 0),
  };
  const { loss, images, correct, forwardMs, backwardMs, allReduceMs = 0 } = outcome;
  const timeMs = { forward: forwardMs, backward: backwardMs, allReduce: allReduceMs };
  run.emit({
    type: 'step-completed',
    epoch,
    step: step + 1,
    loss,
    rate,
    images,
    correct,
    timeMs: { data: sum((p) => p.dataMs), ...timeMs, update: updateMs },
  });
  await run.hook((callback) => callback.stepEnded?.(run, { ...outcome, rate }));
}

/** Carries out commands at a step boundary. */
async function obey(run: TrainingRun, epoch: number): Promise<void> {
  await run.commands.agree(run.parts.device.group);
  if (run.commands.take('validate')) await validate(run, epoch);
  const asked = run.commands.take('checkpoint');
  if (run.commands.stopping) run.interrupted = true;
  if (asked || run.interrupted) {
    const why = run.interrupted ? 'interrupted' : 'command';
    await run.hook((callback) => callback.checkpointRequested?.(run, why));
  }
}

async function validate(run: TrainingRun, epoch: number): Promise<void> {
  const { plan, dataset, device, session } = run.parts;
  await session.settle?.();
  const evaluation = await evaluateSplit({
    split: dataset.validation,
    batchSize: plan.batchSize,
    group: device.group,
    infer: (batch) => run.infer(batch),
  });
  if (!Number.isFinite(evaluation.loss)) throw validationNotFinite(evaluation.loss, run.position);
  const validation = { epoch, ...evaluation };
  run.last = validation;
  if (run.best === null || validation.top1 > run.best.top1) run.best = validation;
  run.emit({ type: 'validated', ...validation });
  await run.hook((callback) => callback.validated?.(run, validation));
}

function finished(run: TrainingRun): boolean {
  return run.position.step >= run.parts.plan.lastStep;
}

/** Also true of a run that stopped between an epoch's last step and its end, which is still to be validated. */
function midEpoch(run: TrainingRun): boolean {
  return run.position.batch > 0;
}

function stepsDone(run: TrainingRun): number {
  return Math.floor(run.position.batch / run.parts.plan.accumulate);
}

/** Each batch with the time that was spent waiting for it. */
async function* timed(
  batches: AsyncIterable<LabelledBatch>,
): AsyncGenerator<{ batch: LabelledBatch; dataMs: number }> {
  let asked = performance.now();
  for await (const batch of batches) {
    yield { batch, dataMs: performance.now() - asked };
    asked = performance.now();
  }
}
