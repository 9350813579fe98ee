import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open, put, temporaryFolder, using } from './spec-kit/image-tree.js';

/* Nothing here is decoded, so empty files do. */

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => folder.remove());

const tree = (...names: readonly string[]) => {
  for (const name of names) put(folder.path, name);
};

/** The validation split as others see it. */
const listed = (options: object = {}) =>
  using(folder.path, options, ({ classes, validation }) => ({
    classes,
    files: Array.from({ length: validation.size }, (_, i) => validation.sampleName(i)),
  }));

describe('opening an image folder', () => {
  it('sorts classes and files by code unit, as Python does', async () => {
    tree('val/b/2.jpg', 'val/b/10.jpg', 'val/B/a.jpg', 'val/a10/a.jpg', 'val/a9/a.jpg');
    tree('val/é/a.jpg');
    const { classes, files } = await listed();
    expect(classes).toEqual(['B', 'a10', 'a9', 'b', 'é']);
    expect(files.slice(3, 5)).toEqual(['val/b/10.jpg', 'val/b/2.jpg']);
  });

  it('takes images by their endings, at any depth; passes over what is hidden or no image', async () => {
    tree('val/a/1.JPEG', 'val/a/2.Png', 'val/a/3.webp', 'val/a/deep/er/4.jpg', 'val/a/x.jpg/5.tif');
    tree('val/a/notes.txt', 'val/a/.DS_Store', 'val/a/._1.JPEG', 'val/a/.cache/6.jpg');
    tree('val/a/7.jpg.bak', 'val/a/jpg', 'val/.checkpoints/8.jpg', 'val/9.jpg', 'elsewhere/10.jpg');
    symlinkSync(path.join(folder.path, 'elsewhere'), path.join(folder.path, 'val/b'), 'junction');
    expect(await listed()).toEqual({
      classes: ['a', 'b'],
      files: [
        'val/a/1.JPEG',
        'val/a/2.Png',
        'val/a/3.webp',
        'val/a/deep/er/4.jpg',
        'val/a/x.jpg/5.tif',
        'val/b/10.jpg',
      ],
    });
  });

  it.each([
    ['names', ['dog', 'ant', 'cat']],
    ['a text file', 'lines.txt'],
    ['a JSON file', 'names.json'],
  ])('numbers classes by a list that may hold more: %s', async (_, classes) => {
    tree('val/cat/1.jpg', 'val/dog/1.jpg', 'train/ant/1.jpg');
    put(folder.path, 'lines.txt', 'dog\r\n ant\n\ncat\n');
    put(folder.path, 'names.json', '\n["dog", "ant", "cat"]');
    expect(await listed({ classes })).toEqual({
      classes: ['dog', 'ant', 'cat'],
      files: ['val/cat/1.jpg', 'val/dog/1.jpg'],
    });
  });

  it('takes other names for the splits', async () => {
    tree('photos/a/1.jpg', 'test/a/2.jpg');
    const options = { trainSplit: 'photos', valSplit: 'test' };
    const names = await using(folder.path, options, ({ train, validation }) =>
      [train, validation].map((split) => split.sampleName(0)),
    );
    expect(names).toEqual(['photos/a/1.jpg', 'test/a/2.jpg']);
  });

  it('does without a training folder until training is asked for', async () => {
    tree('val/a/1.jpg');
    await using(folder.path, {}, ({ train, validation }) => {
      expect(validation.size).toBe(1);
      for (const use of [() => train.size, () => train.sampleName(0)])
        expect(use).toThrow(expect.objectContaining({ code: 'RF-DATA-NO-FOLDER' }));
    });
  });
});

describe('opening an image folder fails for', () => {
  const good = ['train/a/1.jpg', 'val/a/1.jpg'];

  it.each<[string, readonly string[], object, string, string]>([
    ['no folder at all', [], { dir: 'no/such' }, 'NO-FOLDER', 'no/such/val'],
    ['no validation folder', ['train/a/1.jpg'], {}, 'NO-FOLDER', 'which holds map.json, train'],
    [
      'a file for a folder',
      ['train/a/1.jpg', 'val'],
      {},
      'NO-FOLDER',
      'which holds map.json, train, val',
    ],
    ['images without classes', ['val/1.jpg', 'val/2.jpg'], {}, 'NO-CLASSES', '1.jpg, 2.jpg'],
    ['hidden classes alone', ['val/.a/1.jpg'], {}, 'NO-CLASSES', 'Received nothing'],
    ['training without classes', ['train/1.jpg', 'val/a/1.jpg'], {}, 'NO-CLASSES', '/train'],
    ['a class without images', [...good, 'val/b/1.txt'], {}, 'CLASS-WITHOUT-IMAGES', 'image: b.'],
    [
      'a class of validation alone',
      [...good, 'val/b/1.jpg'],
      {},
      'CLASSES-DIFFER',
      'validation: b',
    ],
    ['a class of training alone', [...good, 'train/b/1.jpg'], {}, 'CLASSES-DIFFER', 'training: b'],
    ['a class not listed', [...good, 'val/b/1.jpg'], { classes: ['a'] }, 'CLASS-NOT-LISTED', 'd b'],
    ['no class list', good, { classes: 'none.txt' }, 'CLASS-LIST', 'none.txt'],
    ['an empty class list', good, { classes: 'val/a/1.jpg' }, 'CLASS-LIST', 'names no class'],
    ['a class named twice', good, { classes: ['a', 'a'] }, 'CLASS-LIST', "'a' twice"],
    ['a class list of other things', good, { classes: 'map.json' }, 'CLASS-LIST', 'array of texts'],
  ])('%s', async (_, names, { dir, ...options }: { dir?: string }, code, text) => {
    tree(...names);
    put(folder.path, 'map.json', '[1, 2]');
    const opening = open(path.join(folder.path, dir ?? ''), options);
    await expect(opening).rejects.toMatchObject({
      code: `RF-DATA-${code}`,
      message: expect.stringContaining(text),
    });
  });
});
