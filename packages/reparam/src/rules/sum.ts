import { commonAxis } from '../algebra/common-axis.js';
import { gcd } from '../algebra/gcd.js';
import {
  isRefusal,
  kernelSizeOf,
  type LinearMap,
  type MapForm,
  type Refusal,
} from '../algebra/linear-map.js';
import { placeKernel } from '../algebra/place-kernel.js';

/**
 * Rule: branches from one input that are added are one map: kernels (on their common grid) and biases add.
 * Groups that differ meet in their greatest common divisor, block-diagonally; identity (a group per channel)
 * thus takes the groups of its neighbours.
 * Exact when strides agree (Ding et al. 2021, "RepVGG", fig. 4; DBB transform II).
 */
export function sumForm(terms: readonly MapForm[]): MapForm | Refusal {
  const vertical = commonAxis(terms.map(({ axes }) => axes[0]));
  const horizontal = commonAxis(terms.map(({ axes }) => axes[1]));
  if (isRefusal(vertical)) return vertical;
  if (isRefusal(horizontal)) return horizontal;
  const { inChannels, outChannels } = terms[0]!;
  return {
    inChannels,
    outChannels,
    groups: gcd(...terms.map(({ groups }) => groups)),
    axes: [vertical, horizontal],
    zeroBias: terms.every(({ zeroBias }) => zeroBias),
  };
}

/** Numbers of {@link sumForm}; all terms have equal channels. */
export function sum(terms: readonly LinearMap[]): LinearMap | Refusal {
  const form = sumForm(terms.map((term) => term.form));
  if (isRefusal(form)) return form;
  const kernel_OIHW = new Float64Array(kernelSizeOf(form));
  const bias_O = new Float64Array(form.outChannels);
  for (const term of terms) {
    placeKernel(kernel_OIHW, form, term);
    for (let o = 0; o < bias_O.length; o++) bias_O[o]! += term.bias_O[o]!;
  }
  return { form, kernel_OIHW, bias_O };
}
