import { describe, expect, it } from '@jest/globals';
import { GraphBuilder, type Value } from '@refold/graph';
import { smallKernelsFirst } from './small-kernels-first.js';

const namesOf = (build: (b: GraphBuilder) => Value) => {
  const b = new GraphBuilder({ shape: [4, 8, 8], dtype: 'float32' });
  return smallKernelsFirst(b.build(build(b)).nodes).map(({ name }) => name);
};

describe('smallKernelsFirst', () => {
  it('sorts convolutions of one input that follow each other, and keeps the order of equal ones', () => {
    const names = namesOf((b) => {
      const large = b.conv2d('large', b.input, { outChannels: 4, kernel: 3, padding: 1 });
      const point = b.conv2d('point', b.input, { outChannels: 4, kernel: 1 });
      const again = b.conv2d('again', b.input, { outChannels: 4, kernel: 1 });
      return b.add('sum', [large, point, again]);
    });
    expect(names.slice(1)).toEqual(['point', 'again', 'large', 'sum']);
  });

  it('moves nothing past what it reads, nor past another op', () => {
    const names = namesOf((b) => {
      const first = b.conv2d('first', b.input, { outChannels: 4, kernel: 3, padding: 1 });
      const behind = b.conv2d('behind', first, { outChannels: 4, kernel: 1 });
      const active = b.activation('relu', 'active', b.input);
      const last = b.conv2d('last', b.input, { outChannels: 4, kernel: 1 });
      return b.add('sum', [behind, active, last]);
    });
    expect(names.slice(1)).toEqual(['first', 'behind', 'active', 'last', 'sum']);
  });
});
