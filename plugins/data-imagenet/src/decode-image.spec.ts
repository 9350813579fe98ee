import { beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { luma, toGrey } from '@refold/images';
import { decodeRgb, loadSharp } from './decode-image.js';
import { jpeg } from './spec-kit/image-tree.js';
import { noise } from './spec-kit/noise.js';
import { pictures } from './spec-kit/pictures.js';

let module: Awaited<ReturnType<typeof loadSharp>>;
let whole: Buffer;
beforeAll(async () => {
  module = await loadSharp();
  whole = await jpeg(3);
});

describe('decodeRgb', () => {
  it.each(pictures)('reads $what', async ({ width, pixels, file }) => {
    const decoded = await decodeRgb(module, Buffer.from(file, 'base64'));
    expect([decoded.width, decoded.height, decoded.channels]).toEqual([width, 6 / width, 3]);
    expect([...decoded.data_HWC].join()).toBe(pixels.replaceAll(' ', ','));
  });

  it.each<[string, (file: Buffer) => Uint8Array | Promise<Uint8Array>]>([
    ['half a JPEG', (file) => file.subarray(0, file.length / 2)],
    ['a JPEG that lacks its last bytes', (file) => file.subarray(0, file.length - 12)],
    ['the header of a JPEG', (file) => file.subarray(0, 20)],
    ['half a PNG', async (file) => (await sharp(file).png().toBuffer()).subarray(0, 1500)],
    ['half a WebP', async (file) => (await sharp(file).webp().toBuffer()).subarray(0, 500)],
    ['text', () => Buffer.from('<html>not found</html>')],
    ['zeros', () => new Uint8Array(1000)],
  ])('refuses %s', async (_, damage) => {
    await expect(decodeRgb(module, await damage(whole))).rejects.toThrow(Error);
  });

  it.each<[string, (file: Buffer) => number]>([
    ['after its end', (file) => file.length],
    ['between its segments', (file) => file.indexOf(Buffer.of(0xff, 0xc4))],
  ])('takes a JPEG with bytes too many %s, as Pillow does', async (_, place) => {
    const at = place(whole);
    const longer = [whole.subarray(0, at), Buffer.from('too many'), whole.subarray(at)];
    const read = (file: Buffer) => decodeRgb(module, file);
    expect(await read(Buffer.concat(longer))).toEqual(await read(whole));
  });
});

describe('toGrey', () => {
  it('has the luma of each pixel', () => {
    const picture = noise(5, 4);
    const expected = Array.from({ length: 20 }, (_, i) => luma(picture.data_HWC, 3 * i));
    const { data_HWC, ...shape } = toGrey(picture);
    expect([...data_HWC]).toEqual(expected);
    expect(shape).toEqual({ width: 5, height: 4, channels: 1 });
  });
});
