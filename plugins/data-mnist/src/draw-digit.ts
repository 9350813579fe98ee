/** Where and how a digit lies in a sample. */
export interface Placement {
  readonly side: number;
  readonly channels: number;
  /** Pixels from the centred place, to the right and down. */
  readonly dx: number;
  readonly dy: number;
}

const DIGIT = 28;

/**
 * Copies a 28×28 digit into a `side × side × channels` sample (NHWC bytes that are zero before), centred but for
 * the shift; what falls outside is cut off, grey is repeated over the channels.
 */
export function drawDigit(digit: Uint8Array, sample: Uint8Array, placement: Placement): void {
  const { side, channels, dx, dy } = placement;
  const offset = Math.floor((side - DIGIT) / 2);
  for (let row = 0; row < DIGIT; row++) {
    const y = row + offset + dy;
    if (y < 0 || y >= side) continue;
    for (let column = 0; column < DIGIT; column++) {
      const x = column + offset + dx;
      if (x < 0 || x >= side) continue;
      sample.fill(
        digit[row * DIGIT + column]!,
        (y * side + x) * channels,
        (y * side + x + 1) * channels,
      );
    }
  }
}
