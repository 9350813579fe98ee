import { describe, expect, it } from '@jest/globals';
import { GraphBuilder, sizeOf, type Graph } from '@refold/graph';
import fc from 'fast-check';
import { orderTensors } from './order-tensors.js';

const BUCKET = 2 ** 20;

/** Linear layers of so many outputs, one behind the other, each with a norm's worth of bias. */
function chain(widths: readonly number[]): Graph {
  const b = new GraphBuilder({ shape: [64], dtype: 'float32' });
  let x = b.input;
  widths.forEach((outFeatures, i) => (x = b.linear(`fc.${i}`, x, { outFeatures })));
  return b.build(x);
}

describe('tensors', () => {
  it('come in the order of their owners, parameters before buffers', () => {
    const b = new GraphBuilder({ shape: [2, 4, 4], dtype: 'float32' });
    const x = b.conv2d('conv', b.batchNorm('one', b.input), { outChannels: 2, kernel: 1 });
    const graph = b.build(b.batchNorm('two', x));
    const { specs, parameterCount, indexOf, buckets } = orderTensors(graph, ['two', 'conv']);
    expect(specs.map(({ name }) => name)).toEqual([
      ...['two.weight', 'two.bias', 'conv.weight', 'one.weight', 'one.bias'],
      ...['one.running_mean', 'one.running_var', 'two.running_mean', 'two.running_var'],
    ]);
    expect([parameterCount, buckets]).toEqual([5, [0]]);
    expect([indexOf('conv.weight'), indexOf('two.running_var'), indexOf('three')]).toEqual([
      2, 8, -1,
    ]);
  });

  it('of a network without any are none', () => {
    const b = new GraphBuilder({ shape: [3], dtype: 'float32' });
    const { specs, buckets } = orderTensors(b.build(b.activation('relu', 'act', b.input)), []);
    expect([specs, buckets]).toEqual([[], []]);
  });

  it('fill buckets, each but the last with 4 MiB or little more', () => {
    const widths = fc.array(fc.constantFrom(8, 500, 1024, 1500, 2048), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(widths, (chosen) => {
        const graph = chain(chosen);
        const owners = chosen.map((_, i) => `fc.${chosen.length - 1 - i}`);
        const { specs, parameterCount, buckets } = orderTensors(graph, owners);
        const sizes = specs.slice(0, parameterCount).map(({ shape }) => sizeOf(shape));
        expect(buckets[0]).toBe(0);
        expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
        buckets.forEach((first, i) => {
          const own = sizes.slice(first, buckets[i + 1] ?? parameterCount);
          const filled = own.reduce((a, b) => a + b, 0);
          expect(filled).toBeGreaterThan(0);
          // Full with its last parameter, not before.
          expect(filled - own.at(-1)!).toBeLessThan(BUCKET);
          if (i + 1 < buckets.length) expect(filled).toBeGreaterThanOrEqual(BUCKET);
        });
      }),
    );
  });
});
