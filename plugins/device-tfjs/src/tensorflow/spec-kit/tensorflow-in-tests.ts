import { describe } from '@jest/globals';
import { findLibtensorflow } from '../find-libtensorflow.js';
import { loadTensorflow } from '../load-tensorflow.js';
import { describeSearch } from '../probe-libtensorflow.js';
import { TensorflowBinding } from '../tensorflow-binding.js';

/** `describe` where libtensorflow is found, else a skipped suite whose name says what was missing. */
export function describeWithTensorflow(name: string, body: () => void): void {
  const search = findLibtensorflow();
  if (search.found) describe(name, body);
  else describe.skip(`${name} (no libtensorflow: ${describeSearch(search).join('; ')})`, body);
}

/** A binding on the library found here, two threads; the suite closes it. */
export function bindingForTests(): TensorflowBinding {
  const { found } = findLibtensorflow();
  return new TensorflowBinding(loadTensorflow(found?.libraryPath ?? ''), 2);
}
