import { RefoldError } from '@refold/graph';

/** A fused file cannot be turned back. */
export function wrongForm(file: string): RefoldError {
  return new RefoldError('RF-CLI-FORM', {
    message: `'${file}' holds the fused form; its branches are gone.`,
    expected: 'a checkpoint or a model in train form',
    hint: 'Leave out --form train, or name the checkpoint that was fused.',
  });
}

/** A command needs a file that was not named. */
export function fileMissing(command: string, what: string): RefoldError {
  return new RefoldError('RF-USAGE-FILE', {
    message: `refold ${command} needs ${what}.`,
    hint: `See refold ${command} --help.`,
    exitCode: 2,
  });
}

/** The classes of a data set and of a network do not go together. */
export function classesDiffer(
  dataset: readonly string[],
  unknown: readonly string[],
  outputs: number,
): RefoldError {
  const shown = unknown.slice(0, 5).join(', ') + (unknown.length > 5 ? ', …' : '');
  return new RefoldError('RF-CLI-CLASSES', {
    message: `The network does not know the classes of this data: ${shown}.`,
    expected: `class folders among the network's ${outputs} classes`,
    received: `${dataset.length} classes`,
  });
}

/** Nothing says how images are prepared for this network. */
export function noPreprocessing(file: string): RefoldError {
  return new RefoldError('RF-CLI-PREPROCESSING', {
    message: `'${file}' does not say how its images are prepared.`,
    expected: 'a file written by refold train or refold fuse',
  });
}
