import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig, readConfigFile } from './read-config-file.js';

describe('readConfigFile', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'refold-config-'));
    await writeFile(path.join(folder, 'imagenette.yaml'), 'epochs: 12\n');
    await writeFile(path.join(folder, 'demo.yml'), 'opt: sgd\nlr: 0.1\n');
    await mkdir(path.join(folder, 'folder.yaml'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("tells MindCV's flat files from ours", async () => {
    expect((await readConfigFile(path.join(folder, 'imagenette.yaml'))).kind).toBe('refold');
    expect((await readConfigFile(path.join(folder, 'demo.yml'))).kind).toBe('mindcv');
    expect(parseConfig('plugins: []\nlr: 3', 'x').kind).toBe('refold');
    expect(parseConfig('rate: { base: 3 }\nlr: 3', 'x').kind).toBe('refold');
    expect(parseConfig('model: repvgg_a0\nseed: 1', 'x').kind).toBe('refold');
  });

  it('finds a relative name from the given folder, and says it as it was given', async () => {
    const { tree } = await readConfigFile('imagenette.yaml', folder);
    expect(tree.origins.get('epochs')).toMatchObject({ file: 'imagenette.yaml', line: 1 });
  });

  it.each(['imagenet.yaml', 'imagenette.yml', 'imagenete'])(
    'suggests the file that %s most likely means',
    async (name) => {
      await expect(readConfigFile(path.join(folder, name))).rejects.toMatchObject({
        code: 'RF-CONFIG-FILE-MISSING',
        exitCode: 1,
        message: expect.stringContaining(path.join(folder, 'imagenette.yaml')) as unknown as string,
      });
    },
  );

  it('suggests nothing where nothing is near, and no folder is there', async () => {
    for (const file of [path.join(folder, 'qqqqqqq.yaml'), path.join(folder, 'no', 'x.yaml')]) {
      await expect(readConfigFile(file)).rejects.toMatchObject({
        code: 'RF-CONFIG-FILE-MISSING',
        message: expect.not.stringContaining('Did you mean') as unknown as string,
      });
    }
  });

  it('refuses a folder', async () => {
    await expect(readConfigFile(path.join(folder, 'folder.yaml'))).rejects.toMatchObject({
      code: 'RF-CONFIG-FILE-UNREADABLE',
    });
  });
});

describe('parseConfig', () => {
  it('follows aliases, and keeps the position where a value is used', () => {
    const { tree } = parseConfig('a: &x { b: [1, 2] }\nc: *x\n', 'f');
    expect(tree.value).toEqual({ a: { b: [1, 2] }, c: { b: [1, 2] } });
    expect(tree.origins.get('c')).toEqual({ kind: 'file', file: 'f', line: 2, column: 1 });
  });

  it('does not follow an alias into itself', () => {
    expect(() => parseConfig('a: &x [*x]\n', 'f')).toThrow(
      expect.objectContaining({ code: 'RF-CONFIG-SYNTAX' }),
    );
  });

  it('never fails but by its codes, whatever the file holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab:{}[],-&*!?|>"\'#% \n\t1.~<') }),
        (text) => {
          try {
            parseConfig(text, 'f');
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^RF-CONFIG-/);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
