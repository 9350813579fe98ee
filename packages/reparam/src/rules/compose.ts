import { gcd } from '../algebra/gcd.js';
import {
  isRefusal,
  kernelSizeOf,
  spanOf,
  tapsOf,
  type AxisForm,
  type LinearMap,
  type MapForm,
  type Refusal,
} from '../algebra/linear-map.js';

/**
 * Rule: a map after a map is one map. With A first: kernel K[t_B·d_B·s_A + t_A·d_A] = Σ_m K_B[t_B]·K_A[t_A],
 * stride s_A·s_B, padding p_A + s_A·p_B, bias b_B + Σ K_B·b_A. Covers conv then BN, BN then conv, 1×1 then k×k,
 * k×k then 1×1, k×k then l×l (also with strides and dilation), pooling after conv, layer scale
 * (DBB transforms I, III and V).
 *
 * Exact when B pads nothing: B then reads only values that A computes. When B pads, it puts zeros where A,
 * continued over the border, would have values; the two agree if A's values there are zero, that is if A's bias is
 * zero **and** A outside its range reads nothing but outside (a 1×1 without padding, or padding as wide as its
 * kernel allows). So BN then padded conv needs a BN without shift, and 1×1-BN then padded k×k is refused unless
 * the padding sits on the 1×1, whose value outside is then the very constant that DBB pads with.
 */
export function composeForm(first: MapForm, second: MapForm): MapForm | Refusal {
  const border = borderRefusal(first, second);
  if (border) return border;
  return {
    inChannels: first.inChannels,
    outChannels: second.outChannels,
    groups: gcd(first.groups, second.groups),
    axes: [composeAxis(first.axes[0], second.axes[0]), composeAxis(first.axes[1], second.axes[1])],
    zeroBias: first.zeroBias && second.zeroBias,
  };
}

function borderRefusal(first: MapForm, second: MapForm): Refusal | undefined {
  for (const i of [0, 1] as const) {
    const { before, after } = second.axes[i];
    if (before === 0 && after === 0) continue;
    if (!first.zeroBias) {
      return {
        refused:
          'its padding puts zeros where what comes before it adds a constant; exact without padding, or with the padding on the first of the two',
      };
    }
    const a = first.axes[i];
    if (spanOf(a) - a.before >= a.stride || a.after < spanOf(a)) {
      return {
        refused:
          'its padding puts zeros where the kernel before it, continued over the border, still sees the image',
      };
    }
  }
  return undefined;
}

function composeAxis(a: AxisForm, b: AxisForm): AxisForm {
  const step = b.dilation * a.stride;
  const span = spanOf(a) + (b.kernel - 1) * step;
  const dilation = gcd(a.kernel > 1 ? a.dilation : 0, b.kernel > 1 ? step : 0) || 1;
  return {
    kernel: span / dilation + 1,
    stride: a.stride * b.stride,
    dilation,
    before: a.before + a.stride * b.before,
    after: a.after + a.stride * b.after,
  };
}

/**
 * Numbers of {@link composeForm}.
 * Legend: m channels between the two, i and o of the whole, t taps; A first, B second, C their composition.
 */
export function compose(A: LinearMap, B: LinearMap): LinearMap | Refusal {
  const form = composeForm(A.form, B.form);
  if (isRefusal(form)) return form;
  const tap_BA = tapPlaces(A.form.axes, B.form.axes, form.axes);
  const tapsA = tapsOf(A.form);
  const tapsB = tapsOf(B.form);
  const tapsC = tapsOf(form);
  const middle = A.form.outChannels;
  const inputsA = A.form.inChannels / A.form.groups;
  const inputsB = middle / B.form.groups;
  const inputsC = form.inChannels / form.groups;
  const middlePerGroupA = middle / A.form.groups;
  const outputsPerGroupB = form.outChannels / B.form.groups;
  const outputsPerGroupC = form.outChannels / form.groups;
  // With one tap in B the rows of A's kernel are added as they lie.
  const aligned = tapsB === 1 && tapsA === tapsC;
  // With one tap in A they are too, where the taps of an output lie side by side: TI instead of IT.
  const row_TI = tapsA === 1 && tapsB > 1 ? new Float64Array(tapsC * inputsC) : undefined;
  const K_A = A.kernel_OIHW;
  const K_B = B.kernel_OIHW;
  const K_C = new Float64Array(kernelSizeOf(form));
  const bias_O = Float64Array.from(B.bias_O);

  for (let o = 0; o < form.outChannels; o++) {
    const firstMiddle = Math.floor(o / outputsPerGroupB) * inputsB;
    const firstInputC = Math.floor(o / outputsPerGroupC) * inputsC;
    for (let mB = 0; mB < inputsB; mB++) {
      const m = firstMiddle + mB;
      const firstInput = Math.floor(m / middlePerGroupA) * inputsA - firstInputC;
      const rowA = m * inputsA * tapsA;
      const rowC = (o * inputsC + firstInput) * tapsC;
      for (let tB = 0; tB < tapsB; tB++) {
        const factor = K_B[(o * inputsB + mB) * tapsB + tB]!;
        if (factor === 0) continue;
        bias_O[o]! += factor * A.bias_O[m]!;
        if (aligned) {
          addScaled(K_C, rowC, factor, K_A, rowA, inputsA * tapsA);
          continue;
        }
        if (row_TI) {
          addScaled(row_TI, tap_BA[tB]! * inputsC + firstInput, factor, K_A, rowA, inputsA);
          continue;
        }
        for (let i = 0; i < inputsA; i++) {
          const from = rowA + i * tapsA;
          const to = rowC + i * tapsC;
          for (let tA = 0; tA < tapsA; tA++) {
            K_C[to + tap_BA[tB * tapsA + tA]!]! += factor * K_A[from + tA]!;
          }
        }
      }
    }
    if (row_TI) {
      const rowC = o * inputsC * tapsC;
      for (let j = 0; j < row_TI.length; j++) {
        K_C[rowC + (j % inputsC) * tapsC + Math.floor(j / inputsC)] = row_TI[j]!;
      }
      row_TI.fill(0);
    }
  }
  return { form, kernel_OIHW: K_C, bias_O };
}

/** `to[at + j] += factor · from[start + j]` for `length` numbers. */
function addScaled(
  to: Float64Array,
  at: number,
  factor: number,
  from: Float64Array,
  start: number,
  length: number,
): void {
  for (let j = 0; j < length; j++) to[at + j]! += factor * from[start + j]!;
}

/** Flat tap of the composition for each pair of a tap of B (slow) and a tap of A (fast). */
function tapPlaces(
  a: readonly [AxisForm, AxisForm],
  b: readonly [AxisForm, AxisForm],
  c: readonly [AxisForm, AxisForm],
): Int32Array {
  const place = (axis: 0 | 1, tapA: number, tapB: number): number =>
    (tapB * b[axis].dilation * a[axis].stride + tapA * a[axis].dilation) / c[axis].dilation;
  const tapsA = a[0].kernel * a[1].kernel;
  const tapsB = b[0].kernel * b[1].kernel;
  const places = new Int32Array(tapsA * tapsB);
  for (let tB = 0; tB < tapsB; tB++) {
    const [hB, wB] = [Math.floor(tB / b[1].kernel), tB % b[1].kernel];
    for (let tA = 0; tA < tapsA; tA++) {
      const [hA, wA] = [Math.floor(tA / a[1].kernel), tA % a[1].kernel];
      places[tB * tapsA + tA] = place(0, hA, hB) * c[1].kernel + place(1, wA, wB);
    }
  }
  return places;
}
