import { beforeAll, describe, expect, it } from '@jest/globals';
import { writeFakeDevicePlugin } from './spec-kit/fake-device-plugin.js';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

interface Compiled {
  readonly flops: number;
  readonly bytes: number;
  readonly arenaBytes: number;
  readonly weightBytes: number;
  readonly groups: readonly {
    readonly op: string;
    readonly pass: string;
    readonly count: number;
  }[];
  readonly operations?: readonly unknown[];
}

const folder = temporaryFolder();
const interpreting = temporaryFolder();
let config: string;
beforeAll(() => {
  const plugin = writeFakeDevicePlugin(folder);
  config = writeTinyConfig(folder, (text) =>
    text.replace('device-tfjs', plugin).replace('use: wasm', 'use: fake'),
  );
});

async function plan(...flags: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['plan', '-c', config, ...flags], folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('plan on a device that compiles', () => {
  it('shows sums and operations by op, pass and algorithm', async () => {
    const lines = (await plan()).split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toContainEqual(['compiled', 'in 1 ms']);
    for (const name of ['arena', 'weights', 'step'])
      expect(lines.filter(([first]) => first === name)).toHaveLength(1);
    // Blocks 1→4, 4→4 (stride 2), 4→8 (stride 2) and 8→8: two convolutions each.
    for (const pass of ['forward', 'backward'])
      expect(lines).toContainEqual(['conv2d', pass, 'plain loops', '8', '0.000', '0.00']);
    expect(lines.some(([name]) => name === 'operation')).toBe(false);
  });

  it('lists every operation when asked', async () => {
    const lines = (await plan('--operations')).split('\n').map((line) => line.split(/ {2,}/));
    const from = lines.findIndex(([name]) => name === 'operation');
    const convolutions = lines.slice(from).filter(([, op]) => op === 'conv2d');
    expect(convolutions).toHaveLength(2 * 8);
  });

  it('gives the same as JSON', async () => {
    const { compiled } = JSON.parse(await plan('--json')) as { compiled: Compiled };
    const operations = compiled.groups.reduce((sum, { count }) => sum + count, 0);
    expect(compiled).toMatchObject({ flops: 1000 * operations, bytes: 100 * operations });
    expect(compiled).not.toHaveProperty('operations');
    const all = JSON.parse(await plan('--json', '--operations')) as { compiled: Compiled };
    expect(all.compiled.operations).toHaveLength(operations);
  });

  it('says nothing of the kind on one that interprets', async () => {
    const own = writeTinyConfig(interpreting);
    const { code, stdout } = await runCli(
      ['plan', '-c', own, '--operations', '--json'],
      interpreting,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).not.toHaveProperty('compiled');
  });
});
