import { dirname } from 'node:path';

/**
 * nx plugin: gives every project of the workspace the targets build, test and lint, so that no package.json
 * repeats them. `npx nx run-many -t build,test,lint`, `npx nx test @refold/graph`.
 */
export const name = 'refold-targets';

export const createNodesV2 = [
  '{packages,plugins,examples,e2e}/**/package.json',
  (manifests) =>
    manifests
      .filter((manifest) => !/node_modules|\/dist\/|template/.test(manifest))
      .map((manifest) => [manifest, { projects: { [dirname(manifest)]: { targets } } }]),
];

const command = (text, more = {}) => ({
  executor: 'nx:run-commands',
  options: { command: text, cwd: '{workspaceRoot}' },
  cache: true,
  ...more,
});

const targets = {
  build: command('tsc -b {projectRoot}', {
    dependsOn: ['^build'],
    inputs: ['default', '^default'],
    outputs: ['{projectRoot}/dist'],
  }),
  test: command(
    'node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js --passWithNoTests {projectRoot}/',
    { dependsOn: ['build'], inputs: ['default', '^default'] },
  ),
  lint: command('eslint {projectRoot}', {
    inputs: ['default', '{workspaceRoot}/eslint.config.mjs'],
  }),
};
