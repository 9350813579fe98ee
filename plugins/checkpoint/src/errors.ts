import type { RunPosition } from '@refold/core';
import { RefoldError } from '@refold/graph';
import type { RunDifference } from './compare-runs.js';

/** A checkpoint of another network. */
export function otherModel(
  file: string,
  expected: string,
  received: string,
  differences: readonly string[],
): RefoldError {
  return new RefoldError('RF-CHECKPOINT-OTHER-MODEL', {
    where: file,
    message: `The checkpoint is of another network: ${differences.join('; ')}.`,
    expected,
    received,
    hint: 'Resume with the configuration the checkpoint was made with, or give it as weights to start from.',
  });
}

/** A file that is no checkpoint, or one of a finished model. */
export function notACheckpoint(file: string): RefoldError {
  return new RefoldError('RF-CHECKPOINT-NOT-ONE', {
    where: file,
    message: 'This file holds a network, but not the state of a run.',
    expected: 'a file that the checkpoint plugin wrote',
    hint: 'Give it as weights to start from instead of resuming.',
  });
}

/** A checkpoint whose optimizer state is of another kind. Names as in the file (`optimizer.momentum.…`). */
export function otherOptimizer(
  file: string,
  expected: ReadonlySet<string>,
  received: ReadonlySet<string>,
): RefoldError {
  return new RefoldError('RF-CHECKPOINT-OTHER-OPTIMIZER', {
    where: file,
    message: 'The checkpoint is of a run with another optimizer, so the run cannot go on exactly.',
    expected: kindsOf(expected),
    received: kindsOf(received),
    hint: 'Resume with the optimizer the checkpoint was made with, or give it as weights to start from.',
  });
}

/** A checkpoint of a run whose batches, order of samples or classes are not this run's. */
export function otherRun(file: string, differences: readonly RunDifference[]): RefoldError {
  const list = (side: 'ours' | 'theirs'): string =>
    differences.map((one) => `${one.key} ${one[side]}`).join(', ');
  return new RefoldError('RF-CHECKPOINT-OTHER-RUN', {
    where: file,
    message:
      'The checkpoint is of a run with other samples or classes, so the run cannot go on exactly.',
    expected: list('ours'),
    received: list('theirs'),
    hint: 'Resume with the values the checkpoint was made with, or give it as weights to start from.',
  });
}

/** The folder of checkpoints cannot be made, written to or tidied. */
export function folderUnusable(folder: string, cause: unknown): RefoldError {
  return new RefoldError('RF-CHECKPOINT-FOLDER', {
    where: folder,
    message: `The folder of checkpoints cannot be used: ${(cause as Error).message}`,
    expected: 'a folder that can be written to',
    received: (cause as { code?: string }).code ?? 'an error',
    hint: 'Remove what is in its place or mend its permissions, or choose another --output-dir.',
    cause,
  });
}

/** A state that holds NaN or infinity: a numeric gate. Nothing was written. */
export function notFinite(
  file: string,
  { step }: RunPosition,
  tensor: string,
  index: number,
  value: number | undefined,
): RefoldError {
  return new RefoldError('RF-CHECKPOINT-NON-FINITE', {
    where: file,
    message: `After update ${step} the tensor '${tensor}' is not finite, so no checkpoint was written.`,
    expected: 'finite numbers',
    received: `${value} at index ${index}`,
    hint: "Lower rate.base, and go on from the checkpoint before (resume: 'auto').",
    exitCode: 3,
  });
}

function kindsOf(names: ReadonlySet<string>): string {
  const slots = new Map<string, number>();
  for (const name of names) {
    const slot = name.split('.')[1] ?? name;
    slots.set(slot, (slots.get(slot) ?? 0) + 1);
  }
  return [...slots].map(([slot, tensors]) => `${tensors} × ${slot}`).join(', ') || 'no state';
}
