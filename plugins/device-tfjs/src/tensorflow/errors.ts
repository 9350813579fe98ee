import { RefoldError } from '@refold/graph';

const SETUP_HINT =
  'Run `refold setup tensorflow`, or set REFOLD_TENSORFLOW to a folder that holds it.';

/** TensorFlow refused an op: unknown name, wrong attribute, input or shape. */
export function tensorflowOpFailed(op: string, code: number, message: string): RefoldError {
  return new RefoldError('RF-TENSORFLOW-OP', {
    message: `TensorFlow could not run the op '${op}' (status ${code}): ${message}`,
  });
}

/** A call of the C API outside an op failed (context, tensor, handle). */
export function tensorflowCallFailed(what: string, code: number, message: string): RefoldError {
  return new RefoldError('RF-TENSORFLOW-CALL', {
    message: `TensorFlow could not ${what} (status ${code}): ${message}`,
  });
}

/** The data of a tensor do not fit its shape and type. */
export function tensorSizeMismatch(
  dtype: string,
  shape: readonly number[],
  expectedBytes: number,
  receivedBytes: number,
): RefoldError {
  return new RefoldError('RF-TENSORFLOW-TENSOR-SIZE', {
    message: `The data do not fill a ${dtype} tensor of shape [${shape.join(', ')}].`,
    expected: `${expectedBytes} bytes`,
    received: `${receivedBytes} bytes`,
  });
}

/** Something other than a typed array, or an array of byte arrays for strings, was given as data. */
export function tensorDataUnusable(dtype: string, received: string): RefoldError {
  return new RefoldError('RF-TENSORFLOW-TENSOR-DATA', {
    message: `A ${dtype} tensor cannot be made of this value.`,
    expected: dtype === 'string' ? 'an array of Uint8Array' : 'a typed array',
    received,
  });
}

/** A tensor id that was never given out, or was deleted. */
export function unknownTensor(id: number): RefoldError {
  return new RefoldError('RF-TENSORFLOW-UNKNOWN-TENSOR', {
    message: `TensorFlow holds no tensor ${id}: it was disposed or never existed.`,
  });
}

/** An op attribute whose value does not fit its type. */
export function attributeUnusable(
  op: string,
  attribute: string,
  expected: string,
  received: string,
): RefoldError {
  return new RefoldError('RF-TENSORFLOW-ATTRIBUTE', {
    message: `The attribute '${attribute}' of the op '${op}' cannot be set.`,
    expected,
    received,
  });
}

/** SavedModels need a session, which this binding does not open. */
export function savedModelUnsupported(): RefoldError {
  return new RefoldError('RF-TENSORFLOW-SAVED-MODEL', {
    message: 'SavedModels cannot be loaded through this binding.',
    hint: 'Load it with @tensorflow/tfjs-node and its addon instead.',
  });
}

/** No libtensorflow in any of the places looked at. */
export function tensorflowNotFound(lookedAt: readonly string[]): RefoldError {
  return new RefoldError('RF-TENSORFLOW-NOT-FOUND', {
    message: `libtensorflow was not found. Looked at:\n${lookedAt.map((line) => `  ${line}`).join('\n')}`,
    hint: SETUP_HINT,
  });
}

/** A libtensorflow was found and the loader refused it. */
export function tensorflowNotLoadable(path: string, cause: unknown): RefoldError {
  return new RefoldError('RF-TENSORFLOW-NOT-LOADABLE', {
    message: `libtensorflow at ${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: `It may be for another system, processor or version. ${SETUP_HINT}`,
    cause,
  });
}

/** One process has one TensorFlow context; it exists already and was set up otherwise. */
export function tensorflowAlreadyRunning(expected: string, received: string): RefoldError {
  return new RefoldError('RF-TENSORFLOW-ALREADY-RUNNING', {
    message:
      "A tfjs backend 'tensorflow' is already registered in this process and cannot be set up anew.",
    expected,
    received,
    hint: 'Use the same settings for every TensorFlow device of one process, or start another process.',
  });
}

/** The Python or pip that set-up needs is missing. */
export function pythonNotFound(tried: readonly string[]): RefoldError {
  return new RefoldError('RF-SETUP-PYTHON', {
    message: `No Python 3 with pip was found; it is needed once, to download TensorFlow's CPU library from PyPI. Tried: ${tried.join('; ')}.`,
    hint: 'Install python3 and pip, or put libtensorflow into a folder and set REFOLD_TENSORFLOW to it.',
  });
}

/** pip ended with an error. */
export function pipFailed(
  command: string,
  exitCode: number | null,
  lastLines: string,
): RefoldError {
  return new RefoldError('RF-SETUP-PIP', {
    message: `pip could not install TensorFlow (exit code ${exitCode ?? 'none, it was killed'}):\n${lastLines}`,
    hint: `The command was: ${command}\nCheck the network or the package index that pip is configured for.`,
  });
}

/** pip succeeded and the libraries are not where the wheel had them. */
export function wheelWithoutLibrary(version: string, missing: readonly string[]): RefoldError {
  return new RefoldError('RF-SETUP-WHEEL', {
    message: `The wheel of TensorFlow ${version} does not hold ${missing.join(' and ')}.`,
    hint: 'Choose another version, or another platform: wheels for Windows do not export the C API.',
  });
}
