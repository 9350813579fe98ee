import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();
const FOUND: unknown = expect.stringMatching(/^libtensorflow found in \/.* \(.+\)$/);
const HOW = /refold setup tensorflow/;

interface DeviceRow {
  readonly name: string;
  readonly usable: boolean;
  readonly library: string | null;
  readonly reason: string;
}

async function deviceRow(device: string): Promise<DeviceRow> {
  const { code, stdout } = await runCli(['doctor', '--json'], folder);
  expect(code).toBe(0);
  const { devices } = JSON.parse(stdout) as { devices: DeviceRow[] };
  return devices.find(({ name }) => name === device)!;
}

describe('doctor', () => {
  const names = ['REFOLD_TENSORFLOW', 'XDG_CACHE_HOME', 'REFOLD_ONEDNN'];
  const before = names.map((name) => process.env[name]);
  afterEach(() => {
    for (const [i, name] of names.entries()) {
      delete process.env[name];
      if (before[i] !== undefined) process.env[name] = before[i];
    }
  });
  /** So that of what this machine has, only what lies in the system's folders counts. */
  const withoutTensorflow = (): void => {
    process.env['REFOLD_TENSORFLOW'] = process.env['XDG_CACHE_HOME'] = folder;
  };

  it('says which libtensorflow was found and its version, or how to get one', async () => {
    const { usable, library, reason } = await deviceRow('tfjs-node');
    const told = { usable, library, reason };
    const found = { library: expect.stringMatching(/^TensorFlow \d+\.\d+/), reason: FOUND };
    expect(told).toEqual(
      usable ? { usable, ...found } : { usable, library: null, reason: expect.stringMatching(HOW) },
    );
  });

  it('says which oneDNN was built in, or how to build it', async () => {
    const { usable, library, reason } = await deviceRow('onednn');
    if (usable) expect(library).toMatch(/^oneDNN \d+\.\d+\.\d+ \(\w+, \d+ threads?\)$/);
    else
      expect({ library, reason }).toEqual({
        library: null,
        reason: expect.stringMatching(/refold setup onednn/),
      });
  });

  it('says what is missing, where it looked, and how to get it', async () => {
    withoutTensorflow();
    const { usable, reason } = await deviceRow('tfjs-node');
    if (usable) expect(reason).toMatch(/\((system|tfjs-node)\)/);
    else {
      expect(reason).toContain(`${folder} (REFOLD_TENSORFLOW): no libtensorflow`);
      expect(reason).toMatch(HOW);
    }
  });

  it('tells people in a table, details below it, and which device auto takes', async () => {
    withoutTensorflow();
    process.env['REFOLD_ONEDNN'] = 'no';
    const { code, stdout, stderr } = await runCli(['doctor'], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const tool of ['Node ', 'CPU ', 'python3 ', 'cmake ', 'mpirun ']) {
      expect(stdout).toMatch(new RegExp(`^${tool} +\\S`, 'm'));
    }
    const rows = ['onednn +no .*REFOLD_ONEDNN.*', 'tfjs-node .*', 'wasm +yes .*', 'cpu '];
    const table = ['device +usable +library +reason', ...rows].join('\\n');
    expect(stdout).toMatch(new RegExp(`^${table}`, 'm'));
    expect(stdout).toMatch(/^device: auto takes (wasm|tfjs-node)\.$/m);
  });

  it('looks at the devices of a configuration, where one is given', async () => {
    writeFileSync(
      path.join(folder, 'device-mine.mjs'),
      `const Device = { name: 'Device', section: 'device', cardinality: 'one' };
       const probe = async () => ({ usable: false, reason: 'not plugged in' });
       export default { name: 'mine', apiVersion: 1, setup({ provide }) { provide(Device, { use: ['abacus'], probe }); } };`,
    );
    writeFileSync(path.join(folder, 'mine.yaml'), 'plugins: [./device-mine.mjs]\n');
    const { stdout } = await runCli(['doctor', '-c', 'mine.yaml', '--json'], folder);
    expect(JSON.parse(stdout)).toMatchObject({
      devices: [{ name: 'abacus', usable: false, library: null, reason: 'not plugged in' }],
    });
  });
});
