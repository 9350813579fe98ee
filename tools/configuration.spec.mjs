import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  explainConfig,
  loadPlugins,
  mergeConfig,
  parseConfig,
  pluginNames,
  resolveConfig,
} from '@refold/core';
import { configurationTable, marks, ownPlugins, page } from './lib/configuration-table.mjs';
import { root } from './lib/root.mjs';

const files = readdirSync(join(root, 'configs'), { recursive: true })
  .filter((name) => name.endsWith('.yaml'))
  .sort();

describe('The configurations in configs/', () => {
  for (const name of files) {
    it(`${name} fits core and the plugins it lists`, async () => {
      const file = parseConfig(readFileSync(join(root, 'configs', name), 'utf8'), name);
      const plugins = await loadPlugins(pluginNames(mergeConfig({ file }).tree), { from: [root] });
      expect(resolveConfig({ file, plugins }).warnings).toEqual([]);
    });
  }
});

describe('The recipe of RepVGG-A1', () => {
  const resolved = async (text, name) => {
    const file = parseConfig(text, name);
    const plugins = await loadPlugins(pluginNames(mergeConfig({ file }).tree), { from: [root] });
    return new Map(
      explainConfig(resolveConfig({ file, plugins })).map(({ path, value }) => [path, value]),
    );
  };

  it("is MindCV's, but for the output folder, the progress lines and the scaling of the rate", async () => {
    const mindcvFile = join(
      root,
      'packages/core/src/config/scenarios/mindcv-repvgg-a1/config.yaml',
    );
    const theirs = await resolved(readFileSync(mindcvFile, 'utf8'), 'mindcv.yaml');
    const ours = await resolved(
      readFileSync(join(root, 'configs/repvgg/repvgg_a1.yaml'), 'utf8'),
      'repvgg_a1.yaml',
    );
    const differing = [...ours].flatMap(([path, value]) =>
      JSON.stringify(theirs.get(path)) === JSON.stringify(value) ? [] : [path],
    );
    expect(differing.sort()).toEqual([
      'data.workers',
      'outputDir',
      'progress.everySteps',
      'rate.decayEpochs',
      'rate.scaling',
    ]);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
  });
});

describe('The guide to configuration', () => {
  const text = readFileSync(page, 'utf8');

  it('has every key as the schemas have it (node tools/write-configuration-table.mjs)', async () => {
    const table = text.slice(
      text.indexOf(marks.start) + marks.start.length,
      text.indexOf(marks.end),
    );
    expect(plain(table)).toEqual(plain(configurationTable(await ownPlugins())));
  });
});

/** Lines without the padding that prettier gives to tables. */
function plain(markdown) {
  return markdown
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').replaceAll(/-{3,}/g, '---').trim())
    .filter((line) => line !== '');
}
