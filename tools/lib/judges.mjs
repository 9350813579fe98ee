import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Python environments that `npm run setup:judges` makes, and the variables by which tests are told of them. */
export const judges = [
  {
    name: 'PyTorch, timm and ONNX',
    folder: join(root, '.cache/judges/torch'),
    requirements: 'e2e/python/requirements.txt',
    variable: 'REFOLD_PYTHON',
  },
  {
    name: 'MindSpore',
    folder: join(root, '.cache/judges/mindspore'),
    requirements: 'e2e/python/requirements-mindspore.txt',
    variable: 'REFOLD_MINDSPORE_PYTHON',
  },
];

/** Environment for tests: whole ones that were made here, unless the user names others. */
export function judgesEnvironment() {
  const made = judges.filter(
    ({ folder, variable }) =>
      !process.env[variable] && existsSync(join(folder, 'requirements.txt')),
  );
  return Object.fromEntries(
    made.map(({ folder, variable }) => [variable, join(folder, 'bin', 'python')]),
  );
}
