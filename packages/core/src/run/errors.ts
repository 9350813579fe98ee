import { RefoldError } from '@refold/graph';
import type { RunPosition } from '../points/callback.js';
import type { LabelledBatch } from '../points/dataset.js';

/** The loss became NaN or infinite: a numeric gate. */
export function lossNotFinite(
  loss: number,
  { epoch, batch, step }: RunPosition,
  { samples }: LabelledBatch,
): RefoldError {
  return new RefoldError('RF-RUN-NON-FINITE-LOSS', {
    message: `The loss of epoch ${epoch + 1}, batch ${batch + 1} (update ${step + 1}) is not finite.`,
    expected: 'a finite number',
    received: `${loss} on samples ${Array.from(samples.subarray(0, 8)).join(', ')}…`,
    hint: 'Lower rate.base or raise rate.warmupEpochs; the newest checkpoint is from before this step.',
    exitCode: 3,
  });
}

/** Validation gave a loss that is not finite: an update before it made the parameters so. */
export function validationNotFinite(loss: number, { epoch, step }: RunPosition): RefoldError {
  return new RefoldError('RF-RUN-NON-FINITE-LOSS', {
    message: `The validation of epoch ${epoch + 1}, after update ${step}, gives a loss that is not finite.`,
    expected: 'a finite number',
    received: String(loss),
    hint: 'Lower rate.base or raise rate.warmupEpochs; go on from a checkpoint before this epoch.',
    exitCode: 3,
  });
}

/** `resume` is set, but no callback reads checkpoints. */
export function nothingToResume(from: string): RefoldError {
  return new RefoldError('RF-RUN-RESUME', {
    message: `No listed plugin can resume ('${from}').`,
    expected: "a plugin that restores checkpoints, such as 'checkpoint', in plugins",
    hint: "Add 'checkpoint' to plugins, or leave out resume.",
  });
}

/** The output folder cannot be made. */
export function outputDirUnusable(folder: string, cause: unknown): RefoldError {
  return new RefoldError('RF-RUN-OUTPUT-DIR', {
    message: `The output folder '${folder}' cannot be used: ${(cause as Error).message}`,
    hint: 'Choose another --output-dir.',
    cause,
  });
}
