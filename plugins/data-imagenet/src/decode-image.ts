import type { Pixels } from '@refold/images';
import type sharpModule from 'sharp';

type Sharp = typeof sharpModule;

/** sharp's module: loaded on first use, so that importing the plugin stays free. */
export async function loadSharp(): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  // Parallel across images, not inside one; no image is read twice, so libvips' cache would only cost.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/**
 * Decodes a whole image file to RGB as Pillow's `Image.open(f).convert('RGB')` does, and so torchvision's ImageFolder,
 * bit by bit for JPEG, PNG and WebP: grey is repeated, alpha dropped, palettes looked up, CMYK converted by complement
 * and not by profile, the first picture of several taken. Embedded colour profiles are ignored, and the EXIF
 * orientation but for TIFF. Unlike there, 16-bit grey becomes its upper byte, transparent GIF pixels black, and the
 * chroma of AVIF is enlarged in another way.
 *
 * @throws libvips' error for what is no image, is truncated or otherwise damaged
 */
export async function decodeRgb(sharp: Sharp, file: Uint8Array): Promise<Pixels> {
  const input = sharp(file, { failOn: 'error', ignoreIcc: true, sequentialRead: true });
  const tiff = isTiff(file);
  if (tiff) input.autoOrient();
  if (tiff ? (await input.metadata()).space === 'cmyk' : isFourChannelJpeg(file)) {
    const { data, info } = await input
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    return { data_HWC: rgbOfCmyk(data), width, height, channels: 3 };
  }
  const { data, info } = await input
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data_HWC: data, width: info.width, height: info.height, channels: info.channels };
}

/** R = (255 − K)(255 − C) / 255, rounded; Pillow's rule. */
function rgbOfCmyk(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let i = 0, o = 0; i < cmyk.length; i += 4) {
    const light = 255 - cmyk[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const scaled = cmyk[i + c]! * light + 128;
      rgb[o++] = Math.max(0, light - (((scaled >> 8) + scaled) >> 8));
    }
  }
  return rgb;
}

function isTiff(file: Uint8Array): boolean {
  const start = file.subarray(0, 4).join();
  return start === '73,73,42,0' || start === '77,77,0,42';
}

/** Looks for the frame header (ITU T.81, B.2.2) and its number of components. */
function isFourChannelJpeg(file: Uint8Array): boolean {
  if (file[0] !== 0xff || file[1] !== 0xd8) return false;
  let at = 2;
  while (at + 9 < file.length) {
    if (file[at] !== 0xff) return false;
    const marker = file[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame =
      marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return file[at + 9] === 4;
    at += 2 + (file[at + 2]! << 8) + file[at + 3]!;
  }
  return false;
}
