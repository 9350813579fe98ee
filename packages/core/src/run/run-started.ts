import { peakRate } from './run-plan.js';
import type { TrainingRun } from './training-run.js';

/** The first event of a run; `train` emits it once it knows where it goes on from. */
export function runStarted(run: TrainingRun, resumed: boolean): void {
  const { plan, device } = run.parts;
  run.emit({
    type: 'run-started',
    model: plan.modelName,
    device: device.info.name,
    library: device.info.library,
    epochs: plan.epochs,
    stepsPerEpoch: plan.stepsPerEpoch,
    totalSteps: plan.lastStep,
    globalBatch: plan.globalBatch,
    rate: peakRate(plan),
    resumedFrom: resumed ? run.position : null,
    outputDir: plan.outputDir,
  });
}
