import { RefoldError } from '@refold/graph';
import { nearest } from '@refold/core';

/** A naming scheme that the network has no names of. */
export function schemeUnknown(scheme: string, known: readonly string[]): RefoldError {
  const near = nearest(scheme, known);
  return new RefoldError('RF-EXPORT-SCHEME', {
    message: `The names of '${scheme}' are not known for this network.`,
    expected: `one of ${known.join(', ')}`,
    received: `'${scheme}'`,
    ...(near !== undefined && { hint: `Did you mean '${near}'?` }),
  });
}

/** A tensor for which a scheme has no name. */
export function tensorNameless(tensor: string, scheme: string): RefoldError {
  return new RefoldError('RF-EXPORT-NAME', {
    message: `The names of '${scheme}' have none for the tensor '${tensor}'.`,
    hint: 'That project has no such network; leave out --scheme, or choose another.',
  });
}

/** The written network, run by its own runtime, does not compute the same. Nothing was written. */
export function exportDiffers(format: string, received: number, tolerance: number): RefoldError {
  return new RefoldError('RF-EXPORT-TOLERANCE', {
    message: `The network written as ${format}, run there, gives other answers; nothing was written.`,
    expected: `a relative error of at most ${tolerance}`,
    received: String(received),
    hint: 'The runtime computes this network differently; `--tolerance` changes the gate.',
    exitCode: 3,
  });
}

/** The written weights, read again, are not those that were to be written. */
export function exportDamaged(file: string, tensor: string): RefoldError {
  return new RefoldError('RF-EXPORT-DAMAGED', {
    where: file,
    message: `The tensor '${tensor}' was read back otherwise than it was written; the file was removed.`,
    hint: 'The disk or its file system is at fault; write somewhere else.',
  });
}

/** An output whose ending names no format. */
export function formatUnclear(file: string | undefined): RefoldError {
  return new RefoldError('RF-USAGE-FORMAT', {
    message:
      file === undefined
        ? 'Neither --to nor -o says what to write.'
        : `The name '${file}' does not say what to write.`,
    expected:
      '--to refold, onnx, tfjs, pytorch, mindspore, numpy or safetensors; or a usual ending',
    exitCode: 2,
  });
}
