import { loadKoffi } from './load-koffi.js';
import { tensorflowNotLoadable } from './errors.js';
import type { TensorflowLibrary } from './tensorflow-library.js';
import { openTensorflowLibrary } from './tensorflow-library.js';

/**
 * Settings that TensorFlow reads from the environment when it is loaded; what the user set wins.
 * Log level 2 shows errors only. oneDNN's kernels train two to four times as fast as Eigen's.
 */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  TF_CPP_MIN_LOG_LEVEL: '2',
  TF_ENABLE_ONEDNN_OPTS: '1',
};

/**
 * Loads libtensorflow, quiet and with oneDNN on.
 *
 * @throws RefoldError `RF-TENSORFLOW-NOT-LOADABLE` when the loader refuses it, a function is
 *   missing, or koffi does not exist for this platform.
 */
export function loadTensorflow(libraryPath: string): TensorflowLibrary {
  try {
    setDefaults();
    return openTensorflowLibrary(libraryPath);
  } catch (error) {
    throw tensorflowNotLoadable(libraryPath, error);
  }
}

/**
 * Also through the C runtime: in worker threads (and under jest) `process.env` is a copy that
 * native code does not see. Windows has no `setenv`; there the main thread's `process.env` does it.
 */
function setDefaults(): void {
  for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] ??= value;
  if (process.platform === 'win32') return;
  const setenv = loadKoffi().load(null).func('setenv', 'int', ['str', 'str', 'int']);
  for (const [name, value] of Object.entries(ENVIRONMENT)) setenv(name, value, 0);
}
