import { RefoldError } from '@refold/graph';

/** The device was asked for a number format that it does not compute in. */
export function precisionUnsupported(
  device: string,
  precision: string,
  supported: readonly string[],
): RefoldError {
  return new RefoldError('RF-DEVICE-PRECISION', {
    message: `The device '${device}' does not compute in ${precision}.`,
    expected: supported.join(' or '),
    received: precision,
    hint: "Set the device's precision to one that it supports, or choose another device.",
  });
}

/** A tfjs backend is not registered with tfjs-core, or could not start. */
export function backendUnavailable(backend: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-DEVICE-BACKEND', {
    message: `The tfjs backend '${backend}' could not be started.`,
    expected: 'a backend registered with tf.registerBackend before the device is made',
    hint: 'Import the package that registers it, and check that only one copy of @tensorflow/tfjs-core is installed.',
    cause,
  });
}

/** Weights do not fit the graph: a name too many or too few, or another shape. */
export function tensorUnknown(
  name: string,
  expected: string,
  received: string,
  hint?: string,
): RefoldError {
  return new RefoldError('RF-DEVICE-TENSOR', {
    message: `The tensor '${name}' does not fit the network.`,
    expected,
    received,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A batch does not fit the graph's input or the session. */
export function batchMismatch(what: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-DEVICE-BATCH', {
    message: `The batch does not fit the network: ${what}.`,
    expected,
    received,
  });
}

/** Training was asked for on a graph without a loss. */
export function lossMissing(): RefoldError {
  return new RefoldError('RF-DEVICE-NO-LOSS', {
    message: 'A network without a loss cannot be trained.',
    expected: 'a graph made with withLoss(graph, …)',
    received: 'a graph whose `loss` is not set',
  });
}

/** `update` or a gradient bucket was used before `backward`. */
export function gradientsMissing(): RefoldError {
  return new RefoldError('RF-DEVICE-NO-GRADIENTS', {
    message: 'There are no gradients yet.',
    expected: 'at least one `backward` since the last `update`',
  });
}

/** Something was asked of a session or device after `close`. */
export function closed(what: 'session' | 'device'): RefoldError {
  return new RefoldError('RF-DEVICE-CLOSED', {
    message: `This ${what} is closed.`,
    hint: 'Load the network again.',
  });
}

/** A folder that TensorFlow.js cannot load. */
export function modelUnreadable(folder: string, cause: unknown): RefoldError {
  return new RefoldError('RF-TFJS-MODEL', {
    where: folder,
    message: `TensorFlow.js cannot load this model: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: 'a folder with a model.json and the weight files that it names',
    hint: 'Write it again with refold export.',
    cause,
  });
}
