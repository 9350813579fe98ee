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

function kindsOf(names: ReadonlySet<string>): string {
  const slots = new Map<string, number>();
  for (const name of names) {
    const slot = name.split('.')[1] ?? name;
    slots.set(slot, (slots.get(slot) ?? 0) + 1);
  }
  return [...slots].map(([slot, tensors]) => `${tensors} × ${slot}`).join(', ') || 'no state';
}
