import type { Precision } from '@refold/core';
import { RefoldError } from '@refold/graph';

const SETUP_HINT =
  'Run `refold setup onednn`, or choose another device: `refold doctor` lists them.';

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

/** `int8` without what says how numbers become eight bits. */
export function quantisationMissing(): RefoldError {
  return new RefoldError('RF-DEVICE-QUANTISATION', {
    message: 'int8 needs to know how the network is quantised.',
    expected: 'a `quantisation` in the use, or a file written by `refold quantise`',
    received: 'none',
    hint: 'Run `refold quantise` on the fused network, or choose another precision.',
  });
}

/** No addon in any of the places looked at. */
export function addonNotBuilt(lookedAt: readonly string[]): RefoldError {
  return new RefoldError('RF-ONEDNN-NOT-BUILT', {
    message: `The native addon of the device 'onednn' is not built. Looked at:\n${listed(lookedAt)}`,
    hint: SETUP_HINT,
  });
}

/** There is an addon, and Node refused it: another platform, or a library that it needs is missing. */
export function addonNotLoadable(reasons: readonly string[], cause?: unknown): RefoldError {
  return new RefoldError('RF-ONEDNN-NOT-LOADABLE', {
    message: `The native addon of the device 'onednn' cannot be loaded:\n${listed(reasons)}`,
    hint: SETUP_HINT,
    cause,
  });
}

/** What the build needs is not installed. @param command that installs it here, where it is known */
export function buildToolsMissing(missing: readonly string[], command: string | null): RefoldError {
  return new RefoldError('RF-SETUP-ONEDNN-TOOLS', {
    message: `The device 'onednn' cannot be built: ${missing.join(', ')} not found.`,
    expected: 'CMake 3.18 or newer, make, a C++17 compiler, and oneDNN with its headers',
    hint:
      command === null
        ? 'Install them, then run `refold setup onednn` again.'
        : `Run \`${command}\`, then \`refold setup onednn\` again.`,
  });
}

/** The package manager could not install what the build needs. */
export function installFailed(command: string, lastLines: string): RefoldError {
  return new RefoldError('RF-SETUP-ONEDNN-INSTALL', {
    message: `\`${command}\` failed:\n${lastLines}`,
    hint: 'Run it by hand, then `refold setup onednn` again.',
  });
}

/** CMake or the compiler ended with an error. */
export function buildFailed(command: string, lastLines: string): RefoldError {
  return new RefoldError('RF-SETUP-ONEDNN-BUILD', {
    message: `The native addon of the device 'onednn' could not be compiled:\n${lastLines}`,
    hint: `The command was: ${command}`,
  });
}

/** There is no build for this system. */
export function platformUnsupported(platform: string): RefoldError {
  return new RefoldError('RF-SETUP-ONEDNN-PLATFORM', {
    message: `The device 'onednn' cannot be built on ${platform}.`,
    expected: 'Linux or macOS',
    received: platform,
    hint: 'Choose another device: `refold doctor` lists them.',
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

/** A session, or one call of it, needs more memory than there is. */
export function outOfMemory(what: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-DEVICE-MEMORY', {
    message: `The network does not fit into this machine's memory: ${what}.`,
    hint: 'Use a smaller batch (and accumulate), a lower resolution, or bfloat16.',
    cause,
  });
}

/** The network has something that no kernel computes. */
export function unsupported(what: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-DEVICE-UNSUPPORTED', {
    message: `The device 'onednn' does not compute ${what}.`,
    hint: 'Choose another device for this network: `refold doctor` lists them.',
    cause,
  });
}

const listed = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');
