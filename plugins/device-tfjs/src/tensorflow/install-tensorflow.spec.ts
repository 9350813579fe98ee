import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findLibtensorflow } from './find-libtensorflow.js';
import { installTensorflow } from './install-tensorflow.js';
import { libraryNames } from './library-names.js';
import type { PythonCommand } from './run-python.js';

const NAMES = libraryNames(process.platform);
const LIBRARIES = [...NAMES.api.slice(0, 1), ...NAMES.framework.slice(0, 1)];

let root: string;
let cacheFolder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'refold-install-'));
  cacheFolder = join(root, 'refold');
});
afterEach(() => rmSync(root, { recursive: true }));

/** A "Python" that unpacks a wheel with these files into --target, or runs `otherwise`. */
function fakePython(files: readonly string[], otherwise = ''): PythonCommand {
  const script = join(root, 'fake-python.mjs');
  writeFileSync(
    script,
    `import { mkdirSync, writeFileSync } from 'node:fs';
     import { dirname, join } from 'node:path';
     ${otherwise}
     const target = process.argv[process.argv.indexOf('--target') + 1];
     for (const name of ${JSON.stringify(files)}) {
       mkdirSync(dirname(join(target, name)), { recursive: true });
       writeFileSync(join(target, name), 'x'.repeat(100));
     }
     console.log('Successfully installed', process.argv.at(-1));`,
  );
  return [process.execPath, script];
}

const WHEEL = [
  ...LIBRARIES.map((name) => `tensorflow/${name}`),
  'tensorflow/THIRD_PARTY_NOTICES.txt',
  'tensorflow/python/big.so',
  'tensorflow_cpu-1.2.3.dist-info/METADATA',
];

describe('installTensorflow', () => {
  it('keeps the libraries and their notices, and nothing else', async () => {
    const lines: string[] = [];
    const installed = await installTensorflow({
      version: '1.2.3',
      cacheFolder,
      python: fakePython(WHEEL),
      onProgress: (line) => lines.push(line),
    });
    expect(readdirSync(join(cacheFolder, 'tensorflow-1.2.3', 'tensorflow')).sort()).toEqual(
      [...LIBRARIES, 'METADATA', 'THIRD_PARTY_NOTICES.txt'].sort(),
    );
    expect(readdirSync(cacheFolder)).toEqual(['tensorflow-1.2.3']);
    expect(installed).toMatchObject({ version: '1.2.3', bytes: 400, present: false });
    expect(existsSync(installed.libraryPath)).toBe(true);
    expect(lines.join('\n')).toMatch(/Successfully installed tensorflow(-cpu)?==1\.2\.3/);
    const places = { env: { XDG_CACHE_HOME: root }, tfjsNodeFolder: null, systemFolders: [] };
    expect(findLibtensorflow(places).found?.libraryPath).toBe(installed.libraryPath);
  });

  it('downloads nothing when it is there', async () => {
    const options = { version: '1.2.3', cacheFolder };
    await installTensorflow({ ...options, python: fakePython(WHEEL) });
    const again = await installTensorflow({ ...options, python: ['no-such-command'] });
    expect(again.present).toBe(true);
  });

  it.each([
    [
      'pip fails',
      "console.error('No space left on device'); process.exit(3);",
      'RF-SETUP-PIP',
      /No space left/,
    ],
    ['the wheel has no library', '', 'RF-SETUP-WHEEL', /tensorflow/],
  ])('leaves nothing behind when %s', async (_, otherwise, code, message) => {
    const python = fakePython(['tensorflow/other.txt'], otherwise);
    const failed = installTensorflow({ version: '1.2.3', cacheFolder, python });
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it('stops pip on a signal', async () => {
    const abort = new AbortController();
    const python = fakePython(
      [],
      "console.log('started'); await new Promise(() => setInterval(() => {}, 1000));",
    );
    const onProgress = (line: string) => line === 'started' && abort.abort();
    const stopped = installTensorflow({
      version: '1.2.3',
      cacheFolder,
      python,
      signal: abort.signal,
      onProgress,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'RF-SETUP-PIP' });
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it('names what it tried when there is no Python', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = root;
    try {
      const failed = installTensorflow({ version: '1.2.3', cacheFolder });
      await expect(failed).rejects.toMatchObject({
        code: 'RF-SETUP-PYTHON',
        message: expect.stringContaining('python3'),
      });
      expect(existsSync(cacheFolder)).toBe(false);
    } finally {
      process.env['PATH'] = path;
    }
  });
});
