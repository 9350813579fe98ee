import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { doors, withoutTensorFlow } from './tools/lib/doors.mjs';
import { projects } from './tools/lib/projects.mjs';

/** Import patterns of TensorFlow and of files inside another package. */
const tensorFlow = {
  group: ['@tensorflow/*'],
  message: 'This project computes nothing with TensorFlow (DESIGN §2).',
};
const insides = {
  group: ['@refold/*/*', '!@refold/*/package.json'],
  message: 'Import the package, not a file inside it.',
};
const kits = { group: ['@refold/testing'], message: 'Conformance kits are for specs only.' };

/** Specs and what they share. */
const specFiles = ['**/*.spec.ts', '**/spec-kit/*.ts'];

const pluginsToo = Object.entries(doors).map(([sourceTag, { source, specs = [] }]) => ({
  sourceTag,
  onlyDependOnLibsWithTags: [...source, ...specs],
}));
const folders = (...scopes) =>
  projects()
    .filter((project) => project.scopes.some((scope) => scopes.includes(scope)))
    .map((project) => `${project.dir}/**`);

export default defineConfig(
  globalIgnores([
    ...['**/dist/', '**/node_modules/', '.nx/', '.cache/', 'runs/', 'coverage/'],
    // CMake calls dependency lists compiler_depend.ts.
    'plugins/*/build*/',
    'plugins/*/prebuilds/',
  ]),
  {
    files: ['**/*.{ts,mts,mjs,js}'],
    plugins: { '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 400 }],
      eqeqeq: 'error',
      'no-restricted-imports': ['error', { patterns: [insides] }],
    },
  },
  {
    files: ['**/src/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          banTransitiveDependencies: false,
          depConstraints: pluginsToo,
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // An async method without await is how an interface of promises is met by something quick.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-redeclare': 'off',
    },
  },
  {
    files: folders(...withoutTensorFlow),
    rules: { 'no-restricted-imports': ['error', { patterns: [insides, tensorFlow] }] },
  },
  {
    files: folders('scope:plugin', 'scope:tfjs', 'scope:cli'),
    ignores: specFiles,
    rules: { 'no-restricted-imports': ['error', { patterns: [insides, kits] }] },
  },
  {
    files: specFiles,
    rules: {
      // jest's matchers and fakes of foreign libraries are loosely typed.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);
