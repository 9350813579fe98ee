import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { relativeError } from '@refold/testing';
import { bindingAttributes } from './op-attributes.js';
import type { TensorflowBinding } from './tensorflow-binding.js';
import { bindingForTests, describeWithTensorflow } from './spec-kit/tensorflow-in-tests.js';

/** Layouts: x, y NHWC; w HWIO, as TensorFlow keeps them. */
interface Convolution {
  batch: number;
  size: number;
  inputs: number;
  outputs: number;
  kernel: number;
  stride: number;
}

const FLOAT = 1;
const INT = 3;

/** Numbers in (-0.5, 0.5) that repeat for the same seed. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff - 0.5;
  });
}

/** y, dx, dw of a VALID convolution by its definition, in float64. */
function reference(c: Convolution, x: Float32Array, w: Float32Array, dy: Float32Array) {
  const out = Math.floor((c.size - c.kernel) / c.stride) + 1;
  const [y, dx, dw] = [dy, x, w].map(({ length }) => new Float64Array(length));
  for (let n = 0; n < c.batch; n++)
    for (let oy = 0; oy < out; oy++)
      for (let ox = 0; ox < out; ox++)
        for (let ky = 0; ky < c.kernel; ky++)
          for (let kx = 0; kx < c.kernel; kx++)
            for (let i = 0; i < c.inputs; i++) {
              const row = oy * c.stride + ky;
              const at = ((n * c.size + row) * c.size + ox * c.stride + kx) * c.inputs + i;
              for (let o = 0; o < c.outputs; o++) {
                const to = ((n * out + oy) * out + ox) * c.outputs + o;
                const weight = ((ky * c.kernel + kx) * c.inputs + i) * c.outputs + o;
                y![to]! += x[at]! * w[weight]!;
                dx![at]! += dy[to]! * w[weight]!;
                dw![weight]! += dy[to]! * x[at]!;
              }
            }
  return { y: y!, dx: dx!, dw: dw! };
}

describeWithTensorflow('convolution and batch norm through TensorflowBinding', () => {
  let binding: TensorflowBinding;
  beforeAll(() => {
    binding = bindingForTests();
  });
  afterAll(() => binding.close());

  const floats = (shape: number[], values: Float32Array) =>
    binding.createTensor(shape, FLOAT, values);
  const ints = (...values: number[]) =>
    binding.createTensor([values.length], INT, Int32Array.from(values));
  const run = (
    name: string,
    attributes: Parameters<typeof bindingAttributes>[0],
    inputs: number[],
    outputs = 1,
  ) =>
    binding.executeOp(name, bindingAttributes(attributes), inputs, outputs).map(({ id }) => {
      const values = Float64Array.from(binding.tensorDataSync(id));
      return { id, values };
    });

  it.each<Convolution & { name: string }>([
    { name: '3×3', batch: 2, size: 9, inputs: 16, outputs: 24, kernel: 3, stride: 1 },
    { name: '3×3 stride 2', batch: 2, size: 11, inputs: 3, outputs: 16, kernel: 3, stride: 2 },
    { name: '1×1', batch: 2, size: 6, inputs: 17, outputs: 5, kernel: 1, stride: 1 },
    { name: '1×1 stride 2', batch: 2, size: 8, inputs: 32, outputs: 16, kernel: 1, stride: 2 },
    {
      name: '1×1 stride 2 of few channels',
      batch: 4,
      size: 32,
      inputs: 3,
      outputs: 48,
      kernel: 1,
      stride: 2,
    },
    {
      name: '1×1 stride 2 of few channels, odd size',
      batch: 4,
      size: 33,
      inputs: 8,
      outputs: 16,
      kernel: 1,
      stride: 2,
    },
  ])('agrees with the plain loop: $name', (c) => {
    const out = Math.floor((c.size - c.kernel) / c.stride) + 1;
    const [xShape, wShape] = [
      [c.batch, c.size, c.size, c.inputs],
      [c.kernel, c.kernel, c.inputs, c.outputs],
    ];
    const dyShape = [c.batch, out, out, c.outputs];
    const [x, w, dy] = [xShape, wShape, dyShape].map((shape, seed) =>
      numbers(
        shape.reduce((a, b) => a * b),
        seed + 1,
      ),
    );
    const truth = reference(c, x!, w!, dy!);
    const [xId, wId, dyId] = [floats(xShape, x!), floats(wShape, w!), floats(dyShape, dy!)];
    const attributes = {
      strides: { ints: [1, c.stride, c.stride, 1] },
      padding: { string: 'VALID' },
    };
    const [y] = run('Conv2D', attributes, [xId, wId]);
    const [dx] = run('Conv2DBackpropInput', attributes, [ints(...xShape), wId, dyId]);
    const [dw] = run('Conv2DBackpropFilter', attributes, [xId, ints(...wShape), dyId]);
    expect(relativeError(y!.values, truth.y)).toBeLessThan(1e-6);
    expect(relativeError(dx!.values, truth.dx)).toBeLessThan(1e-6);
    expect(relativeError(dw!.values, truth.dw)).toBeLessThan(1e-6);
  });

  it('normalises a batch as PyTorch does: biased inside, unbiased variance out', () => {
    const [batch, size, channels] = [3, 4, 5];
    const count = batch * size * size;
    const x = numbers(count * channels, 7);
    const dy = numbers(count * channels, 8);
    const scale = Float32Array.of(1, 0.5, -2, 3, 1);
    const offset = Float32Array.of(0, 1, 2, -1, 0.5);
    const epsilon = 1e-3;
    const truth = { y: new Float64Array(x.length), dx: new Float64Array(x.length) };
    const [mean, unbiased, dScale, dOffset] = Array.from(
      { length: 4 },
      () => new Float64Array(channels),
    );
    for (let c = 0; c < channels; c++) {
      const column = Array.from({ length: count }, (_, i) => i * channels + c);
      const m = column.reduce((sum, i) => sum + x[i]!, 0) / count;
      const variance = column.reduce((sum, i) => sum + (x[i]! - m) ** 2, 0) / count;
      const inverse = 1 / Math.sqrt(variance + epsilon);
      const sumDy = column.reduce((sum, i) => sum + dy[i]!, 0);
      const sumDyX = column.reduce((sum, i) => sum + dy[i]! * (x[i]! - m) * inverse, 0);
      [mean![c], unbiased![c]] = [m, (variance * count) / (count - 1)];
      [dScale![c], dOffset![c]] = [sumDyX, sumDy];
      for (const i of column) {
        const normal = (x[i]! - m) * inverse;
        truth.y[i] = normal * scale[c]! + offset[c]!;
        truth.dx[i] = (scale[c]! * inverse * (count * dy[i]! - sumDy - normal * sumDyX)) / count;
      }
    }
    const shape = [batch, size, size, channels];
    const attributes = { epsilon: { float: epsilon }, is_training: { bool: true } };
    const [xId, dyId, scaleId] = [floats(shape, x), floats(shape, dy), floats([channels], scale)];
    const empty = floats([0], new Float32Array(0));
    const forward = run(
      'FusedBatchNormV3',
      attributes,
      [xId, scaleId, floats([channels], offset), empty, empty],
      6,
    );
    expect(relativeError(forward[0]!.values, truth.y)).toBeLessThan(1e-6);
    expect(relativeError(forward[1]!.values, mean!)).toBeLessThan(1e-5);
    expect(relativeError(forward[2]!.values, unbiased!)).toBeLessThan(1e-5);
    const reserves = forward.slice(3).map(({ id }) => id);
    const backward = run('FusedBatchNormGradV3', attributes, [dyId, xId, scaleId, ...reserves], 5);
    expect(relativeError(backward[0]!.values, truth.dx)).toBeLessThan(1e-5);
    expect(relativeError(backward[1]!.values, dScale!)).toBeLessThan(1e-5);
    expect(relativeError(backward[2]!.values, dOffset!)).toBeLessThan(1e-5);
  });
});
