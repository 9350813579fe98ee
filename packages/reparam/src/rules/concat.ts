import { commonAxis } from '../algebra/common-axis.js';
import {
  isRefusal,
  kernelSizeOf,
  type LinearMap,
  type MapForm,
  type Refusal,
} from '../algebra/linear-map.js';
import { placeKernel } from '../algebra/place-kernel.js';

/**
 * Rule: branches from one input that are concatenated are one map whose output channels are theirs, in order
 * (DBB transform IV). The result is dense: stacked outputs do not follow the order of grouped inputs.
 * Exact when strides agree.
 */
export function concatForm(branches: readonly MapForm[]): MapForm | Refusal {
  const vertical = commonAxis(branches.map(({ axes }) => axes[0]));
  const horizontal = commonAxis(branches.map(({ axes }) => axes[1]));
  if (isRefusal(vertical)) return vertical;
  if (isRefusal(horizontal)) return horizontal;
  return {
    inChannels: branches[0]!.inChannels,
    outChannels: branches.reduce((total, { outChannels }) => total + outChannels, 0),
    groups: 1,
    axes: [vertical, horizontal],
    zeroBias: branches.every(({ zeroBias }) => zeroBias),
  };
}

/** Numbers of {@link concatForm}. */
export function concat(branches: readonly LinearMap[]): LinearMap | Refusal {
  const form = concatForm(branches.map((branch) => branch.form));
  if (isRefusal(form)) return form;
  const kernel_OIHW = new Float64Array(kernelSizeOf(form));
  const bias_O = new Float64Array(form.outChannels);
  let firstOutput = 0;
  for (const branch of branches) {
    placeKernel(kernel_OIHW, form, branch, firstOutput);
    bias_O.set(branch.bias_O, firstOutput);
    firstOutput += branch.form.outChannels;
  }
  return { form, kernel_OIHW, bias_O };
}
