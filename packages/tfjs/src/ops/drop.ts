import { mul, tensor } from '@tensorflow/tfjs-core';
import type { OpKernel } from './op-kernel.js';

/**
 * y = x · m / (1 − rate) in training, m 0 or 1, drawn on the host from the node's stream: one draw per element
 * (`dropout`) or per sample (`drop_path`).
 */
function drop<K extends 'dropout' | 'drop_path'>(per: 'element' | 'sample'): OpKernel<K> {
  return {
    forward({ node, inputs: [x], training, random }) {
      const { rate } = node.attrs;
      if (!training || rate === 0) return { output: x!, saved: [] };
      const shape = per === 'element' ? x!.shape : x!.shape.map((n, axis) => (axis === 0 ? n : 1));
      const stream = random();
      const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
      const kept = 1 / (1 - rate);
      for (let i = 0; i < values.length; i++) values[i] = stream.uniform() < rate ? 0 : kept;
      const mask = tensor(values, shape);
      return { output: mul(x!, mask), saved: [mask] };
    },
    backward({ dy, saved: [mask], needs }) {
      return { inputs: [needs[0] ? (mask ? mul(dy, mask) : dy) : null] };
    },
  };
}

export const dropout = drop<'dropout'>('element');
export const dropPath = drop<'drop_path'>('sample');
