import { tapsOf, type AxisForm, type LinearMap, type MapForm } from './linear-map.js';

/**
 * Adds a kernel into a larger one: taps by the input that they read, input channels of a group into the wider
 * group that contains it, output channels from `firstOutput` on. The one place where kernels change their grid:
 * 1×1 to k×k, dilation to zeros between taps, groups to fewer groups.
 *
 * @param target_OIHW kernel of the form `target`, changed in place; its grid must hold the map's (`commonAxis`)
 * and its groups must divide the map's
 */
export function placeKernel(
  target_OIHW: Float64Array,
  target: MapForm,
  { form, kernel_OIHW }: LinearMap,
  firstOutput = 0,
): void {
  const tap_HW = tapPlaces(form.axes, target.axes);
  const taps = tap_HW.length;
  const targetTaps = tapsOf(target);
  const inputs = form.inChannels / form.groups;
  const targetInputs = target.inChannels / target.groups;
  const outputsPerGroup = form.outChannels / form.groups;
  const targetOutputsPerGroup = target.outChannels / target.groups;

  for (let o = 0; o < form.outChannels; o++) {
    const targetOutput = firstOutput + o;
    const firstInput =
      Math.floor(o / outputsPerGroup) * inputs -
      Math.floor(targetOutput / targetOutputsPerGroup) * targetInputs;
    let from = o * inputs * taps;
    for (let i = 0; i < inputs; i++) {
      const to = (targetOutput * targetInputs + firstInput + i) * targetTaps;
      for (let t = 0; t < taps; t++) target_OIHW[to + tap_HW[t]!]! += kernel_OIHW[from++]!;
    }
  }
}

/** Where each tap of one grid lies in another, as flat indices. */
function tapPlaces(
  from: readonly [AxisForm, AxisForm],
  to: readonly [AxisForm, AxisForm],
): Int32Array {
  const place = (axis: 0 | 1, tap: number): number =>
    (tap * from[axis].dilation - from[axis].before + to[axis].before) / to[axis].dilation;
  const places = new Int32Array(from[0].kernel * from[1].kernel);
  for (let h = 0; h < from[0].kernel; h++) {
    for (let w = 0; w < from[1].kernel; w++) {
      places[h * from[1].kernel + w] = place(0, h) * to[1].kernel + place(1, w);
    }
  }
  return places;
}
