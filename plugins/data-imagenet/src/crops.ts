import type { Random } from '@refold/graph';

/** A rectangle of pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The box of torchvision's RandomResizedCrop: area uniform in `scale` of the image's, aspect log-uniform in `ratio`;
 * after ten boxes that do not fit, the largest central one within the ratios.
 *
 * @param scale fractions of the area, ascending
 * @param ratio width / height, ascending
 */
export function randomCrop(
  width: number,
  height: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: Random,
): Rectangle {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * between(...scale);
    const aspect = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(area * aspect));
    const h = roundHalfEven(Math.sqrt(area / aspect));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const top = random.int(height - h + 1);
      return { top, left: random.int(width - w + 1), width: w, height: h };
    }
  }
  const aspect = width / height;
  let [w, h] = [width, height];
  if (aspect < ratio[0]) h = Math.max(1, roundHalfEven(width / ratio[0]));
  else if (aspect > ratio[1]) w = Math.max(1, roundHalfEven(height * ratio[1]));
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}

/** Python's `round`. */
function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
