import { RefoldError } from '@refold/graph';

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
