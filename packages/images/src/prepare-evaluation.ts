import { centreCrop } from './centre-crop.js';
import type { Pixels } from './pixels.js';
import { resample, type Interpolation } from './resample.js';

/** How a picture becomes a sample in evaluation. Pixels. */
export interface EvaluationGeometry {
  /** Of the shorter side; null leaves the size as it is. */
  readonly resize: number | null;
  /** Side of the square that is cut from the middle. */
  readonly crop: number;
  readonly interpolation: Interpolation;
}

/** Shorter side to size, centre crop. @param out_HWC one sample, wholly written */
export function prepareEvaluation(
  { data_HWC, width, height, channels }: Pixels,
  { resize, crop, interpolation }: EvaluationGeometry,
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
