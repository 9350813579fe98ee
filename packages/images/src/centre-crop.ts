import type { Target } from './resample.js';

/** Where an evaluation image comes from and goes to; outside `to` its square stays black. */
export interface CentreCrop {
  /** The part of the resized image to compute. */
  readonly target: Target;
  /** Where that part's first pixel lies in the square. Above 0 only for images smaller than the crop. */
  readonly toLeft: number;
  readonly toTop: number;
}

/**
 * torchvision's Resize (shorter side to `resize`, the longer one truncated) and CenterCrop, in one step. Images
 * smaller than the crop get a black border.
 *
 * @param resize null leaves the size as it is
 */
export function centreCrop(
  width: number,
  height: number,
  resize: number | null,
  crop: number,
): CentreCrop {
  let [fullWidth, fullHeight] = [width, height];
  if (resize !== null) {
    if (width <= height) {
      fullWidth = resize;
      fullHeight = Math.trunc((resize * height) / width);
    } else {
      fullHeight = resize;
      fullWidth = Math.trunc((resize * width) / height);
    }
  }
  const across = centred(fullWidth, crop);
  const down = centred(fullHeight, crop);
  return {
    target: {
      fullWidth,
      fullHeight,
      left: across.from,
      width: across.length,
      top: down.from,
      height: down.length,
      flip: false,
    },
    toLeft: across.to,
    toTop: down.to,
  };
}

function centred(size: number, crop: number): { from: number; length: number; to: number } {
  if (size < crop) return { from: 0, length: size, to: (crop - size) >> 1 };
  return { from: roundHalfEven((size - crop) / 2), length: crop, to: 0 };
}

/** Python's `round`. */
function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
