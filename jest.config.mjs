/** Jest runs the compiled ES modules: what is tested is what is shipped. */
export default {
  testEnvironment: 'node',
  rootDir: import.meta.dirname,
  testMatch: ['<rootDir>/{packages,plugins,examples,e2e,tools}/**/dist/**/*.spec.js'],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/.nx/'],
  transform: {},
  maxWorkers: 2,
  testTimeout: 60_000,
};
