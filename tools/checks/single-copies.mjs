import { readJson } from '../lib/projects.mjs';

export const title = 'One copy of what must be shared is installed';

const single = ['@refold/core', '@refold/graph', '@tensorflow/tfjs-core', 'rxjs', 'zod'];

/** Two copies would be two registries of kernels, or two classes of one name. */
export function problems() {
  const installed = Object.keys(readJson('package-lock.json').packages);
  return single.flatMap((name) => {
    const copies = installed.filter((path) => path.endsWith(`node_modules/${name}`));
    return copies.length <= 1
      ? []
      : [`package-lock.json: Expected one copy of ${name}. Received ${copies.join(', ')}.`];
  });
}
