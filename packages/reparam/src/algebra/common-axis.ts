import { spanOf, type AxisForm, type Refusal } from './linear-map.js';
import { gcd } from './gcd.js';

/**
 * The coarsest grid of taps that holds all taps of several maps on one axis, taps aligned by the input
 * they read. It is how 1×1 becomes the centre of k×k, 1×k and k×1 meet in k×k, and kernels of different
 * dilation meet in one with zeros between their taps.
 *
 * Exact when strides agree and the maps give equally many outputs. The latter is the graph's own rule for
 * sums and concatenations; where the counts agree at some input sizes only, the result is right at these.
 */
export function commonAxis(axes: readonly AxisForm[]): AxisForm | Refusal {
  const [first] = axes as readonly [AxisForm];
  const { stride } = first;
  const other = axes.find((axis) => axis.stride !== stride);
  if (other)
    return { refused: `its branches have different strides, ${stride} and ${other.stride}` };

  const dilations = axes.filter(({ kernel }) => kernel > 1).map((axis) => axis.dilation);
  const shifts = axes.map((axis) => axis.before - first.before);
  const dilation = gcd(...dilations, ...shifts) || 1;
  const before = Math.max(...axes.map((axis) => axis.before));
  const reach = Math.max(...axes.map((axis) => spanOf(axis) - axis.before));
  const span = before + reach;
  // The number of outputs depends on before + after − span only: keep the largest.
  const slack = Math.max(...axes.map((axis) => axis.before + axis.after - spanOf(axis)));
  return { kernel: span / dilation + 1, stride, dilation, before, after: slack - before + span };
}
