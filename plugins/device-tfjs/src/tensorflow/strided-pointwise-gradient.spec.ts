import { describe, expect, it } from '@jest/globals';
import type { TensorMetadata } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import { bindingAttributes } from './op-attributes.js';
import { stridedPointwiseGradient, type OpRunner } from './strided-pointwise-gradient.js';

/** Remembers what it is asked to run; tensors are numbers, 0 is x, 1 the filter sizes, 2 dy. */
class Recorder implements OpRunner {
  readonly ops: { name: string; attributes: Record<string, unknown>; inputs: number[] }[] = [];
  readonly live = new Set([0, 1, 2]);
  #next = 3;

  constructor(
    readonly inputShape: number[],
    readonly filterSizes: number[],
  ) {}

  shapeOf = () => this.inputShape;
  tensorDataSync = () => this.filterSizes;
  createTensor = () => this.#give();
  deleteTensor = (id: number) => void this.live.delete(id);
  executeOp: OpRunner['executeOp'] = (name, attributes, inputs) => {
    const byName = Object.fromEntries(
      attributes.map((attribute) => [attribute.name, attribute.value]),
    );
    this.ops.push({ name, attributes: byName, inputs });
    return [{ id: this.#give() } as TensorMetadata];
  };

  #give(): number {
    this.live.add(this.#next);
    return this.#next++;
  }
}

const strided = (stride: number, padding = 'VALID', layout = 'NHWC') =>
  bindingAttributes({
    T: { type: 'float32' },
    strides: { ints: [1, stride, stride, 1] },
    padding: { string: padding },
    data_format: { string: layout },
  });

describe('stridedPointwiseGradient', () => {
  it('takes the pixels first and convolves with stride 1; only the gradient stays', () => {
    const runner = new Recorder([16, 128, 128, 3], [1, 1, 3, 48]);
    const [gradient] =
      stridedPointwiseGradient(runner, 'Conv2DBackpropFilter', strided(2, 'SAME'), [0, 1, 2]) ?? [];
    expect(runner.ops.map(({ name }) => name)).toEqual(['StridedSlice', 'Conv2DBackpropFilter']);
    expect(runner.ops[1]?.attributes).toEqual({
      T: 1,
      data_format: 'NHWC',
      strides: [1, 1, 1, 1],
      padding: 'VALID',
    });
    expect(runner.ops[1]?.inputs.slice(1)).toEqual([1, 2]);
    expect([...runner.live]).toEqual([0, 1, 2, gradient?.id]);
  });

  it.each([
    ['another op', 'Conv2DBackpropInput', strided(2), [16, 128, 128, 3], [1, 1, 3, 48]],
    ['stride 1', 'Conv2DBackpropFilter', strided(1), [16, 128, 128, 3], [1, 1, 3, 48]],
    [
      'a full block of channels',
      'Conv2DBackpropFilter',
      strided(2),
      [16, 128, 128, 16],
      [1, 1, 16, 48],
    ],
    ['a larger kernel', 'Conv2DBackpropFilter', strided(2), [16, 128, 128, 3], [3, 3, 3, 48]],
    [
      'another layout',
      'Conv2DBackpropFilter',
      strided(2, 'VALID', 'NCHW'),
      [16, 3, 128, 128],
      [1, 1, 3, 48],
    ],
  ])('leaves alone: %s', (_, name, attributes, inputShape, filterSizes) => {
    const runner = new Recorder(inputShape, filterSizes);
    expect(stridedPointwiseGradient(runner, name, attributes, [0, 1, 2])).toBeUndefined();
    expect(runner.ops).toEqual([]);
  });
});
