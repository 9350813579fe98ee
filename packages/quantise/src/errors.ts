import { RefoldError } from '@refold/graph';

/** The network still has batch norms: their channels would be quantised before they are scaled. */
export function trainForm(node: string): RefoldError {
  return new RefoldError('RF-QUANTISE-TRAIN-FORM', {
    message: `The network is not fused: '${node}' is a batch norm.`,
    expected: 'a network in fused form',
    hint: 'Fuse it first: `refold fuse`, or `fuse` of @refold/reparam.',
  });
}

/** A value whose range was not measured. */
export function rangeMissing(name: string): RefoldError {
  return new RefoldError('RF-QUANTISE-RANGE', {
    message: `There is no range for the value of '${name}'.`,
    expected: 'a range for every name of planQuantisation(graph).values',
    hint: 'Calibrate with the same graph and the same `keepFloat`.',
  });
}

/** A value that is not finite: of calibration or of a weight. */
export function notFinite(name: string, value: number): RefoldError {
  return new RefoldError('RF-QUANTISE-NON-FINITE', {
    message: `The values of '${name}' are not all finite.`,
    expected: 'finite numbers',
    received: String(value),
    hint: 'Training diverged, or the images are not prepared as in training.',
    exitCode: 3,
  });
}

/** Calibration saw no image. */
export function noImages(): RefoldError {
  return new RefoldError('RF-QUANTISE-NO-IMAGES', {
    message: 'There are no images to calibrate on.',
    expected: 'at least one batch',
  });
}

/** A node that is to stay float32, or to be observed, and that the network does not have. */
export function nodeUnknown(name: string, what: string): RefoldError {
  return new RefoldError('RF-QUANTISE-NODE', {
    message: `The network has no ${what} called '${name}'.`,
  });
}
