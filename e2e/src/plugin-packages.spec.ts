import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();

/** Installs a package in which `lib/plugin.mjs` is the plugin, and asks for the configuration with it. */
async function configWith(name: string, manifest: string) {
  const home = path.join(folder, 'node_modules', `refold-plugin-${name}`);
  mkdirSync(path.join(home, 'lib'), { recursive: true });
  writeFileSync(path.join(home, 'package.json'), manifest);
  const plugin = `{ name: 'refold-plugin-${name}', apiVersion: 1, setup() {} }`;
  writeFileSync(path.join(home, 'lib', 'plugin.mjs'), `export default ${plugin};`);
  return runCli(['config', '--plugins', `[${name}]`], folder);
}

const FILE = './lib/plugin.mjs';

it.each<[string, unknown]>([
  ['import', { '.': { import: FILE } }],
  ['import, without a path', { types: './lib/plugin.d.ts', import: FILE }],
  ['a nested default', { '.': { import: { types: './lib/plugin.d.ts', default: FILE } } }],
  ['Node alone', { '.': { browser: './none.js', node: { import: FILE } } }],
])('loads a plugin whose package exports %s, not require', async (how, exports) => {
  const name = how.toLowerCase().replaceAll(/\W+/g, '-');
  const { code, stderr } = await configWith(name, JSON.stringify({ exports }));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

it.each<[string, string, string]>([
  ['without an entry', JSON.stringify({ exports: { './other': FILE } }), 'No "exports" main'],
  ['with a broken manifest', '{ "exports": ', 'package.json'],
])('says what is wrong with a package %s, not that it is not installed', async (how, text, why) => {
  const { code, stderr } = await configWith(how.replaceAll(' ', '-'), text);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^RF-PLUGIN-INVALID: /);
  expect(stderr).toContain(why);
});

it('says that a package is not installed where it is not', async () => {
  const { code, stderr } = await runCli(['config', '--plugins', '[nowhere]'], folder);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^RF-PLUGIN-NOT-FOUND: /);
});
