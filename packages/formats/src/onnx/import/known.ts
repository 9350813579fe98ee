import type { Value } from '@refold/graph';

/** A tensor that does not depend on the image. */
export interface Constant {
  readonly kind: 'constant';
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  /** As float32, without rounding: absent for integers. */
  readonly float: boolean;
}

/** Sizes of a value, with the open size of the batch. */
export interface Sizes {
  readonly kind: 'sizes';
  readonly sizes: readonly (number | 'N')[];
  /** One size, of rank 0. */
  readonly scalar: boolean;
}

/**
 * What an affine map is applied to, u being the base or an affine of it: the base itself; `erf`: erf(u/√2); `hard`:
 * clip(u + 3, 0, 6); `xerf`: x · (1 + erf(x/√2)), twice a GELU; `xhard`: x · clip(x + 3, 0, 6), six hard swishes.
 */
export type Core = 'x' | 'erf' | 'hard' | 'xerf' | 'xhard';

/** `scale · base + shift` */
export type Line = Pick<Affine, 'scale' | 'shift'>;

/**
 * A value of the network: `scale · core(base) + shift`, with one number for all channels or one for each. Exporters write
 * activations as such chains, and normalisation; what they are is known only at their end.
 */
export interface Affine {
  readonly kind: 'affine';
  readonly base: Value;
  readonly core: Core;
  /** The u of `erf` and `hard`. */
  readonly argument?: Line;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** What is known of a value of an ONNX graph while it is read. */
export type Known = Constant | Sizes | Affine;

/** A value as it is. */
export function plain(base: Value): Affine {
  return { kind: 'affine', base, core: 'x', scale: [1], shift: [0] };
}

/** True for a line that changes nothing. */
export function isIdentity({ scale, shift }: Line): boolean {
  return scale.every((one) => one === 1) && shift.every((one) => one === 0);
}

/** Whole numbers of a constant, or sizes; undefined for anything else. */
export function sizesOf(known: Known | undefined): readonly (number | 'N')[] | undefined {
  if (known?.kind === 'sizes') return known.sizes;
  return known?.kind === 'constant' && !known.float ? Array.from(known.data) : undefined;
}

/** Equal but for the rounding of float32. */
export function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.abs(b);
}

/** `factor · line + offset` */
export function mapped({ scale, shift }: Line, factor: number, offset = 0): Line {
  const exact = (one: number): number => (near(one, 1) ? 1 : one);
  return {
    scale: scale.map((one) => exact(one * factor)),
    shift: shift.map((one) => one * factor + offset),
  };
}

/** The k for which a = k · b, or undefined. */
export function ratio(a: Line, b: Line): number | undefined {
  const k = a.scale[0]! / b.scale[0]!;
  const same = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((one, i) => near(one, k * y[i]!) || (one === 0 && y[i] === 0));
  return same(a.scale, b.scale) && same(a.shift, b.shift) ? k : undefined;
}
