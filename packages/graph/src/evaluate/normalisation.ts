import type { Float64Tensor, Kernel } from './kernel.js';

/** y[n, c] = factor[c] · x[n, c] + shift[c] over whole planes; `x` is `[N, C, H, W]` or `[N, C]`. */
function affine(
  x: Float64Tensor,
  factor: (channel: number) => number,
  shift: (channel: number) => number,
): Float64Array {
  const [batch = 0, channels = 0, height = 1, width = 1] = x.shape;
  const plane = height * width;
  const y = new Float64Array(x.data.length);
  for (let p = 0; p < batch * channels; p++) {
    const channel = p % channels;
    const [a, b] = [factor(channel), shift(channel)];
    for (let i = p * plane; i < (p + 1) * plane; i++) y[i] = a * x.data[i]! + b;
  }
  return y;
}

export const normalize: Kernel<'normalize'> = ({ attrs: { mean, std }, inputs: [x] }) =>
  affine(
    x!,
    (c) => 1 / (255 * std[c]!),
    (c) => -mean[c]! / std[c]!,
  );

/** With running statistics. */
export const batchNorm: Kernel<'batch_norm'> = ({ attrs: { eps }, inputs: [x], weight }) => {
  const [gamma, beta] = [weight('weight'), weight('bias')];
  const [mean, variance] = [weight('running_mean'), weight('running_var')];
  const factor = (c: number) => gamma[c]! / Math.sqrt(variance[c]! + eps);
  return affine(x!, factor, (c) => beta[c]! - mean[c]! * factor(c));
};

export const scale: Kernel<'scale'> = ({ inputs: [x], weight }) => {
  const factor = weight('weight');
  return affine(
    x!,
    (c) => factor[c]!,
    () => 0,
  );
};
