import { add, erf, exp, mul, square, type Tensor } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/** y = x Φ(x), Φ(x) = (1 + erf(x / √2)) / 2; dx = dy (Φ + x φ), φ(x) = e^(−x²/2) / √(2π). */
export const gelu: OpKernel<'gelu'> = {
  forward({ inputs: [x] }) {
    return { output: mul(x!, distribution(x!)), saved: [x!] };
  },
  backward({ dy, saved: [x], needs }) {
    if (!needs[0]) return { inputs: [null] };
    const density = mul(exp(mul(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return { inputs: [mul(dy, add(distribution(x!), mul(x!, density)))] };
  },
};

function distribution(x: Tensor): Tensor {
  return mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
}
