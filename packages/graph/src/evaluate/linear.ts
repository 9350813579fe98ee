import type { Kernel } from './kernel.js';

export const linear: Kernel<'linear'> = ({ attrs, inputs: [x], batch, weight }) => {
  const weight_OI = weight('weight');
  const bias = attrs.bias ? weight('bias') : undefined;
  const { outFeatures } = attrs;
  const features = x!.shape[1]!;
  const y = new Float64Array(batch * outFeatures);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outFeatures; o++) {
      let sum = bias?.[o] ?? 0;
      for (let i = 0; i < features; i++) {
        sum += weight_OI[o * features + i]! * x!.data[n * features + i]!;
      }
      y[n * outFeatures + o] = sum;
    }
  }
  return y;
};
