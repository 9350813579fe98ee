import { randomOf } from '@refold/graph';
import { colorJitter, type JitterStrength } from './color-jitter.js';
import { centreCrop, randomCrop } from './crops.js';
import type { Pixels } from './decode-image.js';
import { resample, type Interpolation } from './resample.js';

/** How training samples are drawn from images. */
export interface Augmentation {
  readonly kind: 'train';
  readonly resolution: number;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  /** Probabilities. */
  readonly hflip: number;
  readonly vflip: number;
  readonly colorJitter: JitterStrength;
  readonly interpolation: Interpolation;
}

/** How evaluation samples are made. */
export interface Evaluation {
  readonly kind: 'evaluation';
  readonly resize: number | null;
  readonly crop: number;
  readonly interpolation: Interpolation;
}

/** Which random choices a training sample gets: all that they depend on. */
export interface SampleKey {
  readonly seed: number;
  readonly epoch: number;
  readonly sample: number;
}

/** RandomResizedCrop, flips and colour jitter, in torchvision's order. @param out_HWC one sample, wholly written */
export function prepareTraining(
  { data_HWC, width, height, channels }: Pixels,
  augmentation: Augmentation,
  { seed, epoch, sample }: SampleKey,
  out_HWC: Uint8Array,
): void {
  const { resolution, scale, ratio, interpolation, hflip, vflip } = augmentation;
  const random = randomOf(seed, 'augment', epoch, sample);
  const box = randomCrop(width, height, scale, ratio, random);
  const flip = random.uniform() < hflip;
  const upsideDown = random.uniform() < vflip;
  const whole = { fullWidth: resolution, fullHeight: resolution, left: 0, top: 0 };
  const target = { ...whole, width: resolution, height: resolution, flip };
  resample({ data_HWC, rowWidth: width, channels, ...box }, target, interpolation, out_HWC);
  if (upsideDown) swapRows(out_HWC, resolution * channels);
  if (augmentation.colorJitter.some((strength) => strength > 0)) {
    colorJitter(out_HWC, augmentation.colorJitter, random);
  }
}

/** Shorter side to size, centre crop. @param out_HWC one sample, wholly written */
export function prepareEvaluation(
  { data_HWC, width, height, channels }: Pixels,
  { resize, crop, interpolation }: Omit<Evaluation, 'kind'>,
  out_HWC: Uint8Array,
): void {
  const { target, toLeft, toTop } = centreCrop(width, height, resize, crop);
  const source = { data_HWC, rowWidth: width, channels, left: 0, top: 0, width, height };
  if (target.width === crop && target.height === crop) {
    resample(source, target, interpolation, out_HWC);
    return;
  }
  const part = new Uint8Array(target.width * target.height * channels);
  resample(source, target, interpolation, part);
  out_HWC.fill(0);
  const stride = target.width * channels;
  for (let y = 0; y < target.height; y++) {
    const to = ((toTop + y) * crop + toLeft) * channels;
    out_HWC.set(part.subarray(y * stride, (y + 1) * stride), to);
  }
}

function swapRows(image: Uint8Array, stride: number): void {
  const rows = image.length / stride;
  for (let top = 0, bottom = rows - 1; top < bottom; top++, bottom--) {
    const kept = image.slice(top * stride, (top + 1) * stride);
    image.copyWithin(top * stride, bottom * stride, (bottom + 1) * stride);
    image.set(kept, bottom * stride);
  }
}
