// Names: C channels, M = N · H · W values per channel, of all replicas.
import type { ReferenceOp } from './reference-op.js';
import { zeros64 } from './tensor64.js';

/**
 * y = weight · (x − mean) / √(variance + eps) + bias, per channel, as PyTorch's BatchNorm2d. Training: mean and
 * biased variance of the batch; running statistics move by `momentum` towards the mean and the unbiased variance.
 */
export const batchNorm: ReferenceOp<'batch_norm'> = ({
  attrs,
  inputs,
  tensors,
  training,
  group,
}) => {
  const x = inputs[0]!;
  const [images = 0, channels = 0, ...area] = x.shape;
  const plane = area.reduce((a, b) => a * b, 1);
  const count_M = images * plane * (group?.size ?? 1);
  const channelOf = (index: number) => Math.floor(index / plane) % channels;
  const sumByChannel = (value: (x: number, channel: number, index: number) => number) => {
    const sums = new Float64Array(channels);
    x.data.forEach((v, index) => (sums[channelOf(index)]! += value(v, channelOf(index), index)));
    return sums;
  };
  const overReplicas = (sums: Float64Array) => {
    const all = Float64Array.from(sums);
    group?.sum(all);
    return all;
  };
  const weight = tensors['weight']!;
  const runningMean = tensors['running_mean']!;
  const runningVar = tensors['running_var']!;
  const mean = training
    ? overReplicas(sumByChannel((v) => v)).map((sum) => sum / count_M)
    : Float64Array.from(runningMean);
  const variance = training
    ? overReplicas(sumByChannel((v, c) => (v - mean[c]!) ** 2)).map((sum) => sum / count_M)
    : Float64Array.from(runningVar);
  const scale = variance.map((v) => 1 / Math.sqrt(v + attrs.eps));
  const normal = x.data.map((v, index) => (v - mean[channelOf(index)]!) * scale[channelOf(index)]!);
  const output = zeros64(x.shape);
  normal.forEach((v, index) => {
    const c = channelOf(index);
    output.data[index] = weight[c]! * v + tensors['bias']![c]!;
  });
  const move = (old: ArrayLike<number>, fresh: Float64Array) =>
    fresh.map((value, c) => (1 - attrs.momentum) * old[c]! + attrs.momentum * value);
  const unbiased = variance.map((v) => (v * count_M) / (count_M - 1));
  return {
    output,
    backward(dy) {
      const dBias = sumByChannel((_, _c, index) => dy[index]!);
      const dWeight = sumByChannel((_, _c, index) => dy[index]! * normal[index]!);
      const [biases, weights] = [overReplicas(dBias), overReplicas(dWeight)];
      const dx = dy.map((g, index) => {
        const c = channelOf(index);
        const centred = training ? g - (biases[c]! + normal[index]! * weights[c]!) / count_M : g;
        return weight[c]! * scale[c]! * centred;
      });
      return { inputs: [dx], tensors: { weight: dWeight, bias: dBias } };
    },
    ...(training
      ? {
          buffers: {
            running_mean: move(runningMean, mean),
            running_var: move(runningVar, unbiased),
          },
        }
      : {}),
  };
};
