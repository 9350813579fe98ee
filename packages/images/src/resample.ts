/**
 * Legend: H, W height and width in pixels; C channels, interleaved (`HWC`); a "tap" is one source pixel of a sum.
 */

export type Interpolation = 'bilinear' | 'bicubic';

/** Bytes in rows of interleaved channels, or a part of them. */
export interface PixelBox {
  readonly data_HWC: Uint8Array;
  /** Width of a whole row of `data_HWC`, pixels. */
  readonly rowWidth: number;
  readonly channels: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Which part of the resized image is wanted, and how large the whole would be. */
export interface Target {
  readonly fullWidth: number;
  readonly fullHeight: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Mirror left and right while writing. */
  readonly flip: boolean;
}

/** Source range and weights of every output pixel along one axis. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `[output, size]`, fixed point with {@link PRECISION_BITS} bits after the point. */
  readonly weight: Int32Array;
  /** Weights per output pixel that `weight` has room for. */
  readonly size: number;
}

/** Eight bits of value and two of overshoot leave this many for a weight in a 32-bit sum (as in Pillow). */
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * Resizes a box of an image with antialiasing: both filters widen with the scale when shrinking. Pixels outside the
 * box have no influence, so it is "crop, then resize". Bit-identical with Pillow's `Image.resize` for 8-bit images,
 * two passes in fixed point, which is what torchvision and timm prepare images with (docs/adr/0007-image-resizing.md).
 *
 * @param out_HWC takes `target.height × target.width × channels` bytes
 */
export function resample(
  source: PixelBox,
  target: Target,
  interpolation: Interpolation,
  out_HWC: Uint8Array,
): void {
  const across = tapsOf(source.width, target.fullWidth, target.left, target.width, interpolation);
  const down = tapsOf(source.height, target.fullHeight, target.top, target.height, interpolation);
  const firstRow = down.first[0]!;
  const lastTap = target.height - 1;
  const rows = down.first[lastTap]! + down.count[lastTap]! - firstRow;
  const narrowed =
    source.channels === 3
      ? resampleRowsRgb(source, across, firstRow, rows, target.width)
      : resampleRows(source, across, firstRow, rows, target.width);
  resampleColumns(narrowed, down, firstRow, target, source.channels, out_HWC);
}

/** Triangle, and Keys' cubic with a = −0.5; support in source pixels at scale 1. */
const FILTERS = {
  bilinear: { support: 1, at: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    at(x: number) {
      const a = -0.5;
      const d = Math.abs(x);
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
      return 0;
    },
  },
} as const;

function tapsOf(
  inputSize: number,
  outputSize: number,
  from: number,
  length: number,
  interpolation: Interpolation,
): Taps {
  const { support: unit, at } = FILTERS[interpolation];
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = unit * filterScale;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weight = new Int32Array(length * size);
  const exact = new Float64Array(size);
  for (let i = 0; i < length; i++) {
    const centre = (from + i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(inputSize, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let x = low; x < high; x++) {
      const w = at((x - centre + 0.5) / filterScale);
      exact[x - low] = w;
      sum += w;
    }
    for (let k = 0; k < high - low; k++) {
      const fixed = (sum === 0 ? exact[k]! : exact[k]! / sum) * (1 << PRECISION_BITS);
      weight[i * size + k] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    first[i] = low;
    count[i] = high - low;
  }
  return { first, count, weight, size };
}

function clip(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Along W, three channels: the hot loop, its sums in registers. @returns `rows × width × 3` bytes */
function resampleRowsRgb(
  source: PixelBox,
  taps: Taps,
  firstRow: number,
  rows: number,
  width: number,
): Uint8Array {
  const { data_HWC: data, rowWidth, left, top } = source;
  const { first, count, weight, size } = taps;
  const out = new Uint8Array(rows * width * 3);
  let o = 0;
  for (let y = 0; y < rows; y++) {
    const row = ((top + firstRow + y) * rowWidth + left) * 3;
    for (let x = 0; x < width; x++) {
      let p = row + first[x]! * 3;
      let k = x * size;
      let r = HALF;
      let g = HALF;
      let b = HALF;
      for (const end = k + count[x]!; k < end; k++, p += 3) {
        const w = weight[k]!;
        r = (r + Math.imul(data[p]!, w)) | 0;
        g = (g + Math.imul(data[p + 1]!, w)) | 0;
        b = (b + Math.imul(data[p + 2]!, w)) | 0;
      }
      out[o] = clip(r);
      out[o + 1] = clip(g);
      out[o + 2] = clip(b);
      o += 3;
    }
  }
  return out;
}

/** Along W, any number of channels. @returns `rows × width × channels` bytes */
function resampleRows(
  source: PixelBox,
  taps: Taps,
  firstRow: number,
  rows: number,
  width: number,
): Uint8Array {
  const { data_HWC: data, rowWidth, left, top, channels } = source;
  const { first, count, weight, size } = taps;
  const out = new Uint8Array(rows * width * channels);
  let o = 0;
  for (let y = 0; y < rows; y++) {
    const row = ((top + firstRow + y) * rowWidth + left) * channels;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let k = 0; k < count[x]!; k++) {
          const value = data[row + (first[x]! + k) * channels + c]!;
          sum = (sum + Math.imul(value, weight[x * size + k]!)) | 0;
        }
        out[o++] = clip(sum);
      }
    }
  }
  return out;
}

/** Along H, all of a row's values alike, row by row as they lie in memory. */
function resampleColumns(
  rows_HWC: Uint8Array,
  { first, count, weight, size }: Taps,
  firstRow: number,
  { width, height, flip }: Target,
  channels: number,
  out_HWC: Uint8Array,
): void {
  const stride = width * channels;
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    let p = (first[y]! - firstRow) * stride;
    for (let k = y * size, end = k + count[y]!; k < end; k++) {
      const w = weight[k]!;
      for (let i = 0; i < stride; i++) sums[i] = sums[i]! + Math.imul(rows_HWC[p++]!, w);
    }
    const o = y * stride;
    if (!flip) {
      for (let i = 0; i < stride; i++) out_HWC[o + i] = clip(sums[i]!);
    } else {
      for (let x = 0; x < width; x++) {
        const mirrored = o + (width - 1 - x) * channels;
        for (let c = 0; c < channels; c++) out_HWC[mirrored + c] = clip(sums[x * channels + c]!);
      }
    }
  }
}
