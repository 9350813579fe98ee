import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findLibtensorflow, type TensorflowPlaces } from './find-libtensorflow.js';
import { describeSearch } from './probe-libtensorflow.js';

const API = 'libtensorflow_cc.so.2';
const FRAMEWORK = 'libtensorflow_framework.so.2';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'refold-find-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(folder: string, ...names: string[]): string {
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of names) writeFileSync(join(root, folder, name), '');
  return join(root, folder);
}

/** Places inside `root` only, so that what this machine has plays no part. */
function places(over: TensorflowPlaces = {}): TensorflowPlaces {
  return {
    platform: 'linux',
    tfjsNodeFolder: join(root, 'tfjs-node'),
    systemFolders: [join(root, 'system')],
    ...over,
    env: { XDG_CACHE_HOME: join(root, 'cache'), ...over.env },
  };
}

describe('findLibtensorflow', () => {
  it('prefers REFOLD_TENSORFLOW, then tfjs-node, the cache, the system', () => {
    const order = [
      'mine',
      'tfjs-node/deps/lib',
      'cache/refold/tensorflow-2.19.1/tensorflow',
      'system',
    ];
    for (const folder of order) put(folder, API, FRAMEWORK);
    const env = { REFOLD_TENSORFLOW: join(root, 'mine') };
    const seen = order.map((folder) => {
      const { found } = findLibtensorflow(places({ env }));
      rmSync(join(root, folder), { recursive: true });
      return [found?.origin, found?.folder];
    });
    expect(seen).toEqual([
      ['REFOLD_TENSORFLOW', join(root, order[0]!)],
      ['tfjs-node', join(root, order[1]!)],
      ['refold cache', join(root, order[2]!)],
      ['system', join(root, order[3]!)],
    ]);
    expect(findLibtensorflow(places({ env })).found).toBeUndefined();
  });

  it('looks into the tensorflow folder of a Python environment', () => {
    const folder = put('site-packages/tensorflow', API, FRAMEWORK);
    const env = { REFOLD_TENSORFLOW: join(root, 'site-packages') };
    expect(findLibtensorflow(places({ env })).found).toEqual({
      origin: 'REFOLD_TENSORFLOW',
      folder,
      libraryPath: join(folder, API),
      frameworkPath: join(folder, FRAMEWORK),
    });
  });

  it('says what a folder lacks', () => {
    const folder = put('mine', API);
    const search = findLibtensorflow(places({ env: { REFOLD_TENSORFLOW: folder } }));
    expect(search.found).toBeUndefined();
    expect(search.lookedAt[0]).toEqual({
      origin: 'REFOLD_TENSORFLOW',
      folder,
      missing: ['libtensorflow_framework.so.2 or libtensorflow_framework.so'],
    });
    expect(describeSearch(search)[0]).toContain(
      `${folder} (REFOLD_TENSORFLOW): no libtensorflow_framework`,
    );
  });

  it('takes the tested release of several in the cache, else the newest', () => {
    put('cache/refold/tensorflow-2.9.1/tensorflow', API, FRAMEWORK);
    put('cache/refold/tensorflow-2.21.0/tensorflow', API, FRAMEWORK);
    expect(findLibtensorflow(places()).found?.folder).toContain('tensorflow-2.21.0');
    put('cache/refold/tensorflow-2.20.0/tensorflow', API, FRAMEWORK);
    expect(findLibtensorflow(places()).found?.folder).toContain('tensorflow-2.20.0');
  });

  it('knows the names of macOS and Windows', () => {
    put('system', 'libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib', 'tensorflow.dll');
    const path = (platform: NodeJS.Platform) =>
      findLibtensorflow(places({ platform })).found?.libraryPath;
    expect(path('darwin')).toBe(join(root, 'system', 'libtensorflow_cc.2.dylib'));
    expect(path('win32')).toBe(join(root, 'system', 'tensorflow.dll'));
    expect(path('linux')).toBeUndefined();
  });
});
