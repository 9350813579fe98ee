/**
 * How a linear map walks over one spatial axis. Output position p reads the inputs
 * `p·stride + k·dilation − before` for k = 0 … kernel − 1, zeros outside the input; it exists for
 * `p < ⌊(size + before + after − (kernel − 1)·dilation − 1) / stride⌋ + 1`.
 */
export interface AxisForm {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the first input. */
  readonly before: number;
  /** Zeros after the last input. */
  readonly after: number;
}

/** Everything about a linear map but its numbers: what the region finder plans with. */
export interface MapForm {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  /** `[vertical, horizontal]`. */
  readonly axes: readonly [AxisForm, AxisForm];
  /** True when the bias is known to be exactly zero, so that the map of zeros is zero. */
  readonly zeroBias: boolean;
}

/**
 * A linear (affine), shift-invariant map of images with zeros outside:
 * `y[o, p] = bias_O[o] + Σ_{i, k} kernel_OIHW[o, i, k] · x[group(o) + i, p·stride + k·dilation − before]`.
 *
 * Legend: O output channels, I input channels **per group**, H and W taps of the kernel; row-major float64.
 * Maps are values: no rule changes the arrays of its operands, results may share them.
 */
export interface LinearMap {
  readonly form: MapForm;
  readonly kernel_OIHW: Float64Array;
  readonly bias_O: Float64Array;
}

/** Why no linear map says the same, as an end of a sentence ("… cannot be fused: **reason**"). */
export interface Refusal {
  readonly refused: string;
}

/** Tells a refusal from a map or a form. */
export function isRefusal(result: object): result is Refusal {
  return 'refused' in result;
}

/** Taps of the kernel, over both axes. */
export function tapsOf({ axes: [vertical, horizontal] }: MapForm): number {
  return vertical.kernel * horizontal.kernel;
}

/** Numbers in the kernel. */
export function kernelSizeOf(form: MapForm): number {
  return form.outChannels * (form.inChannels / form.groups) * tapsOf(form);
}

/** Distance between the first and the last tap. */
export function spanOf({ kernel, dilation }: AxisForm): number {
  return (kernel - 1) * dilation;
}

/** One tap, one step, no padding. */
export const POINT: AxisForm = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 };
