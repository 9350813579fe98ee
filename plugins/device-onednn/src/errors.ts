import type { Precision } from '@refold/core';
import { InternalError, RefoldError } from '@refold/graph';

/** The device does not compute in the precision that was asked for. */
export function precisionUnsupported(
  precision: Precision,
  supported: readonly Precision[],
): RefoldError {
  return new RefoldError('RF-DEVICE-PRECISION', {
    message: `The device 'onednn' does not compute in ${precision}.`,
    expected: supported.join(' or '),
    received: precision,
    hint: "Set the device's precision to one that it supports, or choose another device.",
  });
}

/** The addon is not there, or could not be loaded. */
export function addonMissing(reason: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-DEVICE-BACKEND', {
    message: `The native addon of the device 'onednn' could not be loaded: ${reason}.`,
    expected: 'a prebuilt addon for this platform, or one built by `refold setup onednn`',
    hint: 'Run `refold setup onednn`, or choose another device.',
    cause,
  });
}

/** The addon could not be built here. */
export function buildFailed(reason: string, hint: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-DEVICE-BUILD', {
    message: `The native addon of the device 'onednn' was not built: ${reason}.`,
    hint,
    cause,
  });
}

/** Weights do not fit the graph: a name too many or too few, or another shape. */
export function tensorUnknown(name: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-DEVICE-TENSOR', {
    message: `The tensor '${name}' does not fit the network.`,
    expected,
    received,
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

/** What the addon threw, as an error of ours: its own codes are for users, everything else is a bug. */
export function fromNative(error: unknown): Error {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  if (code === 'OUT_OF_MEMORY') {
    return new RefoldError('RF-DEVICE-MEMORY', {
      message: `The network does not fit into this machine's memory (${message}).`,
      hint: 'Use a smaller batch, a lower resolution or bfloat16.',
      cause: error,
    });
  }
  if (code === 'UNSUPPORTED') {
    return new RefoldError('RF-DEVICE-UNSUPPORTED', {
      message: `The device 'onednn' does not compute ${message}.`,
      hint: 'Choose another device for this network.',
      cause: error,
    });
  }
  return new InternalError(`The native addon failed: ${message}.`);
}
