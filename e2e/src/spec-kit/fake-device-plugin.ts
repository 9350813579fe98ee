import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './run-cli.js';

/**
 * Writes a plugin that provides `fakeDevice({ compiles: true })` as `fake` into a folder.
 *
 * @returns the name under which a configuration in that folder lists it
 */
export function writeFakeDevicePlugin(folder: string): string {
  const entry = (name: string): string =>
    pathToFileURL(path.join(root, 'packages', name, 'dist', 'index.js')).href;
  const lines = [
    `import { Device, definePlugin } from '${entry('core')}';`,
    `import { fakeDevice } from '${entry('testing')}';`,
    'export default definePlugin({',
    "  name: 'device-fake',",
    '  apiVersion: 1,',
    '  setup({ provide }) {',
    '    const create = () => fakeDevice({ compiles: true });',
    "    provide(Device, { use: ['fake'], preference: 99, create });",
    '  },',
    '});',
  ];
  writeFileSync(path.join(folder, 'device-fake.mjs'), `${lines.join('\n')}\n`);
  return './device-fake.mjs';
}
