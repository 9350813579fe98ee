import { RefoldError } from '@refold/graph';
import type { RegionProof } from './proof/fusion-proof.js';

/** A tensor that fusion needs is not among the weights. */
export function missingTensor(name: string, shape: readonly number[]): RefoldError {
  return new RefoldError('RF-FUSE-MISSING-TENSOR', {
    message: `Cannot fuse: the tensor '${name}' is missing.`,
    expected: `[${shape.join(', ')}]`,
    hint: 'Fusion needs the weights of the train form, BN statistics included.',
  });
}

/** A tensor has another shape than the graph says. */
export function misshapenTensor(
  name: string,
  expected: readonly number[],
  received: readonly number[],
): RefoldError {
  return new RefoldError('RF-FUSE-TENSOR-SHAPE', {
    message: `Cannot fuse: the tensor '${name}' does not fit the graph.`,
    expected: `[${expected.join(', ')}]`,
    received: `[${received.join(', ')}]`,
    hint: 'The weights may be those of another variant of the model.',
  });
}

/** A weight is NaN or infinite. */
export function nonFiniteTensor(name: string, index: number, value: number): RefoldError {
  return new RefoldError('RF-FUSE-NON-FINITE', {
    message: `Cannot fuse: the tensor '${name}' is not finite at element ${index}.`,
    expected: 'finite numbers',
    received: String(value),
    hint: 'Training diverged, or the file is damaged: take an earlier checkpoint.',
  });
}

/** A batch norm whose variance leaves no real square root. */
export function negativeVariance(name: string, value: number): RefoldError {
  return new RefoldError('RF-FUSE-VARIANCE', {
    message: `Cannot fuse: '${name}' plus eps is not positive.`,
    expected: 'running variances of at least 0',
    received: String(value),
    hint: 'The weights may be in another order or of another layer.',
  });
}

/** A fused weight is beyond float32. */
export function fusedOverflow(name: string, value: number): RefoldError {
  return new RefoldError('RF-FUSE-OVERFLOW', {
    message: `The fused tensor '${name}' does not fit float32.`,
    expected: 'magnitudes below 3.4e38',
    received: String(value),
    hint: 'A batch norm before it has a variance near 0 with a large weight.',
  });
}

/** The measured error of a fusion is over its gate. */
export function overTolerance(
  worst: readonly RegionProof[],
  network: number,
  gate: { readonly region: number; readonly network: number },
): RefoldError {
  const regions = worst.map(({ name, maxRelError }) => `${name} ${show(maxRelError)}`);
  return new RefoldError('RF-FUSE-TOLERANCE', {
    message: 'The fused network does not compute what the original computes.',
    expected: `a relative error of at most ${gate.region} per region and ${gate.network} for the network`,
    received: [...regions, `whole network ${show(network)}`].join(', '),
    hint: 'Worst regions first. Check for batch norms with a variance near 0; nothing was written.',
    exitCode: 3,
  });
}

const show = (error: number): string => error.toExponential(2);
