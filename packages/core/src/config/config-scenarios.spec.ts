import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { mergeConfig } from './merge-config.js';
import { pluginNames } from './plugin-names.js';
import { printConfig } from './print-config.js';
import { parseConfig, type ConfigFile } from './read-config-file.js';
import { readFlags } from './read-flags.js';
import { resolveConfig, type ResolvedConfig } from './resolve-config.js';
import { scenarioPlugins } from './spec-kit/scenario-plugins.js';

/**
 * One folder per behaviour: `README` says it in a sentence, `config.yaml` and `flags.json` (either may be absent)
 * go in; out comes `expected.json` (the parts of the result it names) or `error.json` (code, exit code, texts).
 */
const folder = path.join(
  import.meta.dirname.replace(`${path.sep}dist${path.sep}`, `${path.sep}src${path.sep}`),
  'scenarios',
);

interface Expected {
  readonly json?: object;
  readonly origins?: Readonly<Record<string, string>>;
  /** Each is code and text that the message contains. */
  readonly warnings?: readonly (readonly [string, string])[];
}
interface ExpectedError {
  readonly code: string;
  readonly exitCode?: number;
  readonly contains: readonly string[];
}

function read<T>(scenario: string, file: string): T | undefined {
  const where = path.join(folder, scenario, file);
  return existsSync(where) ? (JSON.parse(readFileSync(where, 'utf8')) as T) : undefined;
}

function resolveScenario(scenario: string): ResolvedConfig {
  const yaml = path.join(folder, scenario, 'config.yaml');
  const file: ConfigFile | undefined = existsSync(yaml)
    ? parseConfig(readFileSync(yaml, 'utf8'), 'config.yaml')
    : undefined;
  const flags = readFlags(read<string[]>(scenario, 'flags.json') ?? [], {
    config: { type: 'string', short: 'c' },
    json: { type: 'boolean' },
  });
  const names = pluginNames(mergeConfig({ file, flags }).tree);
  const plugins = names.map((name) => scenarioPlugins[name]!);
  return resolveConfig({ file, flags, plugins });
}

const flat = async (config: ResolvedConfig): Promise<Record<string, string>> => {
  const { explainConfig } = await import('./explain-config.js');
  return Object.fromEntries(explainConfig(config).map(({ path: key, origin }) => [key, origin]));
};

describe('configuration', () => {
  const scenarios = readdirSync(folder);
  it('has scenarios', () => expect(scenarios.length).toBeGreaterThan(20));

  for (const scenario of scenarios) {
    const sentence = readFileSync(path.join(folder, scenario, 'README'), 'utf8').trim();
    const failing = read<ExpectedError>(scenario, 'error.json');
    it(`${scenario}: ${sentence}`, async () => {
      if (failing) {
        let error: { code?: string; message?: string; exitCode?: number } = {};
        try {
          resolveScenario(scenario);
        } catch (caught) {
          error = caught as typeof error;
        }
        expect({ code: error.code, exitCode: error.exitCode, message: error.message }).toEqual({
          code: failing.code,
          exitCode: failing.exitCode ?? 1,
          message: error.message,
        });
        for (const text of failing.contains) expect(error.message).toContain(text);
        return;
      }
      const expected = read<Expected>(scenario, 'expected.json')!;
      const config = resolveScenario(scenario);
      if (expected.json) expect(config.json).toMatchObject(expected.json);
      if (expected.origins) expect(await flat(config)).toMatchObject(expected.origins);
      const warnings = config.warnings.map(({ code, message }) => `${code}: ${message}`);
      if (expected.warnings) expect(warnings).toHaveLength(expected.warnings.length);
      for (const [index, [code, text]] of (expected.warnings ?? []).entries()) {
        expect(warnings[index]).toMatch(new RegExp(`^${code}: `));
        expect(warnings[index]).toContain(text);
      }
      // What `refold config` prints, and what a checkpoint stores, gives the same configuration again.
      const again = resolveConfig({
        file: parseConfig(printConfig(config), 'printed.yaml'),
        plugins: config.plugins,
      });
      expect(again.json).toEqual(config.json);
    });
  }
});
