import {
  isRefusal,
  POINT,
  type AxisForm,
  type LinearMap,
  type Refusal,
} from '../algebra/linear-map.js';

/** A map of one channel on one row of pixels, small enough to compute by hand. */
export function lineMap(
  taps: readonly number[],
  bias = 0,
  axis: Partial<AxisForm> = {},
): LinearMap {
  return {
    form: {
      inChannels: 1,
      outChannels: 1,
      groups: 1,
      axes: [POINT, { ...POINT, kernel: taps.length, ...axis }],
      zeroBias: bias === 0,
    },
    kernel_OIHW: Float64Array.from(taps),
    bias_O: Float64Array.of(bias),
  };
}

/** Taps, bias and horizontal axis of a map, to compare. */
export function readLine({ kernel_OIHW, bias_O, form }: LinearMap): {
  readonly taps: readonly number[];
  readonly bias: readonly number[];
  readonly axis: AxisForm;
} {
  return { taps: [...kernel_OIHW], bias: [...bias_O], axis: form.axes[1] };
}

/** A map that must not be refused. */
export function exact(result: LinearMap | Refusal): LinearMap {
  if (isRefusal(result)) throw new Error(result.refused);
  return result;
}
