import type { RefoldEvent } from '@refold/core';
import { formatBar, formatDuration, formatLoss } from './format.js';
import { RunMeter } from './run-meter.js';

/** Where progress goes. */
export interface ProgressOutput {
  write(text: string): void;
  /** A terminal gets a bar that is drawn over, anything else plain lines. */
  readonly isTerminal: boolean;
  /** Milliseconds from any start. */
  now(): number;
}

const BAR_CELLS = 24;
/** A terminal's bar is redrawn at most this often. */
const REDRAW_MS = 100;

/** Writes what a run reports, for people. One instance per run. */
export class ProgressWriter {
  readonly #output: ProgressOutput;
  readonly #logEvery: number;
  #meter = new RunMeter(0);
  #totalSteps = 0;
  #stepsPerEpoch = 1;
  #epochs = 0;
  #lastStepMs = 0;
  #lastDrawMs = -Infinity;
  #barDrawn = false;

  /** @param logEvery updates between two plain lines */
  constructor(output: ProgressOutput, logEvery: number) {
    this.#output = output;
    this.#logEvery = logEvery;
  }

  take(event: RefoldEvent): void {
    switch (event.type) {
      case 'run-started':
        this.#totalSteps = event.totalSteps;
        this.#stepsPerEpoch = event.stepsPerEpoch;
        this.#epochs = event.epochs;
        this.#meter = new RunMeter(event.totalSteps);
        this.#lastStepMs = this.#output.now();
        this.#line(startLine(event));
        break;
      case 'step-completed':
        this.#step(event);
        break;
      case 'epoch-completed': {
        const { epoch, loss, top1, images, seconds } = event;
        const pace = seconds > 0 ? `, ${(images / seconds).toFixed(0)} img/s` : '';
        this.#line(
          `epoch ${epoch + 1}/${this.#epochs}: loss ${formatLoss(loss)}, train top-1 ${top1.toFixed(2)} %${pace}, ${formatDuration(seconds)}`,
        );
        break;
      }
      case 'validated':
        this.#line(
          `epoch ${event.epoch + 1}/${this.#epochs}: validation top-1 ${event.top1.toFixed(2)} %, top-5 ${event.top5.toFixed(2)} %, loss ${formatLoss(event.loss)} (${event.images} images)`,
        );
        this.#lastStepMs = this.#output.now();
        break;
      case 'fused':
        this.#line(
          `fused ${event.regions} regions, ${event.left} left; logits differ by ${event.maxRelError.toExponential(1)} relative, top-1 agreement ${(100 * event.top1Agreement).toFixed(2)} %: ${event.path}`,
        );
        break;
      case 'warned':
        this.#line(`warning ${event.code}: ${event.message}`);
        break;
      case 'sample-replaced':
        this.#line(`replaced a sample (${event.replaced} so far): ${event.path}: ${event.reason}`);
        break;
      case 'plugin-failed':
        this.#line(`${event.plugin} failed to follow the run: ${event.message}`);
        break;
      case 'run-failed':
        this.#endBar();
        break;
      case 'regions-timed':
      case 'checkpoint-saved':
      case 'run-completed':
        break;
    }
  }

  #step(event: Extract<RefoldEvent, { type: 'step-completed' }>): void {
    const now = this.#output.now();
    this.#meter.add(event, now - this.#lastStepMs);
    this.#lastStepMs = now;
    const { step, epoch } = event;
    if (this.#output.isTerminal) {
      if (now - this.#lastDrawMs < REDRAW_MS) return;
      this.#lastDrawMs = now;
      const text = this.#describe(step, epoch);
      this.#output.write(`\r\u001b[2K${formatBar(step / this.#totalSteps, BAR_CELLS)} ${text}`);
      this.#barDrawn = true;
    } else if (step % this.#logEvery === 0) {
      this.#line(this.#describe(step, epoch));
    }
  }

  #describe(step: number, epoch: number): string {
    const { loss, top1, imagesPerSecond, secondsLeft } = this.#meter.read(step);
    const inEpoch = ((step - 1) % this.#stepsPerEpoch) + 1;
    return (
      `epoch ${epoch + 1}/${this.#epochs} step ${inEpoch}/${this.#stepsPerEpoch}: ` +
      `loss ${formatLoss(loss)}, top-1 ${top1.toFixed(1)} %, ${imagesPerSecond.toFixed(0)} img/s, ` +
      `${formatDuration(secondsLeft)} left`
    );
  }

  #line(text: string): void {
    this.#endBar();
    this.#output.write(`${text}\n`);
  }

  #endBar(): void {
    if (this.#barDrawn) this.#output.write('\r\u001b[2K');
    this.#barDrawn = false;
  }
}

function startLine(event: Extract<RefoldEvent, { type: 'run-started' }>): string {
  const { model, device, library, totalSteps, globalBatch, rate, resumedFrom } = event;
  const from = resumedFrom ? `, resumed at step ${resumedFrom.step}` : '';
  return `${model} on ${device} (${library}): ${totalSteps} steps of ${globalBatch} images, rate up to ${Number(rate.toPrecision(6))}${from}`;
}
