import { randomOf } from '@refold/graph';
import { resample, type EvaluationGeometry, type Interpolation, type Pixels } from '@refold/images';
import { colorJitter, type JitterStrength } from './color-jitter.js';
import { randomCrop } from './crops.js';

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
export interface Evaluation extends EvaluationGeometry {
  readonly kind: 'evaluation';
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

function swapRows(image: Uint8Array, stride: number): void {
  const rows = image.length / stride;
  for (let top = 0, bottom = rows - 1; top < bottom; top++, bottom--) {
    const kept = image.slice(top * stride, (top + 1) * stride);
    image.copyWithin(top * stride, bottom * stride, (bottom + 1) * stride);
    image.set(kept, bottom * stride);
  }
}
