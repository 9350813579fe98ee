// Test files run side by side on the same cores: threads of one that wait for each other must not spin meanwhile.
process.env.OMP_WAIT_POLICY ??= 'passive';

/** Jest runs the compiled ES modules: what is tested is what is shipped. */
export default {
  testEnvironment: 'node',
  rootDir: import.meta.dirname,
  testMatch: [
    '<rootDir>/{packages,plugins,examples,e2e}/**/dist/**/*.spec.js',
    '<rootDir>/tools/**/*.spec.mjs',
  ],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/.nx/', '<rootDir>/runs/'],
  transform: {},
  maxWorkers: 2,
  testTimeout: 60_000,
};
