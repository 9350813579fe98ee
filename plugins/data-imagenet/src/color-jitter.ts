import type { Random } from '@refold/graph';
import { luma } from '@refold/images';

/** Largest relative change of brightness, contrast and saturation; 0 leaves that one alone. */
export type JitterStrength = readonly [brightness: number, contrast: number, saturation: number];

/**
 * torchvision's ColorJitter (without hue) on RGB bytes, in place: factors uniform in [max(0, 1 − s), 1 + s], applied in
 * a random order. Values are cut, not rounded, after each, as Pillow's `ImageEnhance` does.
 */
export function colorJitter(
  pixels_HWC: Uint8Array,
  strength: JitterStrength,
  random: Random,
): void {
  const order = [0, 1, 2];
  for (let i = 2; i > 0; i--) {
    const j = random.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const factors = strength.map((s) => {
    const low = Math.max(0, 1 - s);
    return low + (1 + s - low) * random.uniform();
  });
  for (const change of order) {
    if (strength[change] === 0) continue;
    CHANGES[change]!(pixels_HWC, factors[change]!);
  }
}

/** Away from or towards black. */
export function adjustBrightness(pixels_HWC: Uint8Array, factor: number): void {
  for (let i = 0; i < pixels_HWC.length; i++) pixels_HWC[i] = blend(0, pixels_HWC[i]!, factor);
}

/** Away from or towards the image's mean grey. */
export function adjustContrast(pixels_HWC: Uint8Array, factor: number): void {
  let sum = 0;
  for (let i = 0; i < pixels_HWC.length; i += 3) sum += luma(pixels_HWC, i);
  const mean = Math.trunc(sum / (pixels_HWC.length / 3) + 0.5);
  for (let i = 0; i < pixels_HWC.length; i++) pixels_HWC[i] = blend(mean, pixels_HWC[i]!, factor);
}

/** Away from or towards each pixel's grey. */
export function adjustSaturation(pixels_HWC: Uint8Array, factor: number): void {
  for (let i = 0; i < pixels_HWC.length; i += 3) {
    const grey = luma(pixels_HWC, i);
    for (let c = i; c < i + 3; c++) pixels_HWC[c] = blend(grey, pixels_HWC[c]!, factor);
  }
}

const CHANGES = [adjustBrightness, adjustContrast, adjustSaturation];

function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}
