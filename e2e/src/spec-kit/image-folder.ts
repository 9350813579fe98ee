import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';

/** Draws an ImageFolder tree of small JPEGs: class i is of one colour with noise by position. */
export async function writeImageFolder(
  folder: string,
  { classes = ['cats', 'dogs'], perClass = 8, side = 40 } = {},
): Promise<string> {
  for (const split of ['train', 'val']) {
    for (const [label, name] of classes.entries()) {
      mkdirSync(path.join(folder, split, name), { recursive: true });
      for (let i = 0; i < perClass; i++) {
        const data = Buffer.alloc(side * side * 3);
        for (let at = 0; at < data.length; at++) data[at] = (label * 90 + at * (i + 3)) % 256;
        const jpeg = await sharp(data, { raw: { width: side, height: side, channels: 3 } })
          .jpeg()
          .toBuffer();
        writeFileSync(path.join(folder, split, name, `${i}.jpg`), jpeg);
      }
    }
  }
  return folder;
}
