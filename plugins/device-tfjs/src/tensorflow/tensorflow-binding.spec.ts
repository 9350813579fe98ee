import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { bindingAttributes } from './op-attributes.js';
import type { TensorflowBinding } from './tensorflow-binding.js';
import { TENSORFLOW_TYPES } from './tensorflow-data-types.js';
import { bindingForTests, describeWithTensorflow } from './spec-kit/tensorflow-in-tests.js';

const { float32, float64, int32, uint8, string, complex64, int64, bool } = TENSORFLOW_TYPES;

describeWithTensorflow('TensorflowBinding', () => {
  let binding: TensorflowBinding;
  beforeAll(() => {
    binding = bindingForTests();
  });
  afterAll(() => binding.close());

  const run = (
    name: string,
    attributes: Parameters<typeof bindingAttributes>[0],
    inputs: number[],
  ) => {
    const [output] = binding.executeOp(name, bindingAttributes(attributes), inputs, 1);
    return { ...output!, values: Array.from(binding.tensorDataSync(output!.id)) };
  };
  const floats = (...values: number[]) =>
    binding.createTensor([values.length], float32, Float32Array.from(values));

  it('knows its release', () => expect(binding.TF_Version).toMatch(/^2\.\d+\.\d+/));

  it.each([
    ['float32', float32, [2, 2], Float32Array.of(1.5, -2, 3e-40, Infinity)],
    ['float64', float64, [2], Float64Array.of(Math.PI, -1e300)],
    ['int32', int32, [3], Int32Array.of(-1, 0, 2 ** 31 - 1)],
    ['int64', int64, [2], BigInt64Array.of(-1n, 2n ** 62n)],
    ['uint8', uint8, [1, 3], Uint8Array.of(0, 128, 255)],
    ['bool', bool, [2], Uint8Array.of(1, 0)],
    ['complex64', complex64, [1], Float32Array.of(1, -2)],
    ['a scalar', float32, [], Float32Array.of(7)],
    ['nothing', float32, [0, 3], new Float32Array(0)],
  ])('gives back %s as it came, also through TensorFlow', (_, dtype, shape, values) => {
    const id = binding.createTensor(shape, dtype, values);
    const [copy] = binding.executeOp('Identity', [], [id], 1);
    for (const tensor of [id, copy!.id]) {
      const data = binding.tensorDataSync(tensor) as ArrayLike<unknown>;
      expect(Object.prototype.toString.call(data)).toBe(Object.prototype.toString.call(values));
      expect(Array.from(data)).toEqual(Array.from(values as ArrayLike<unknown>));
    }
    expect(copy).toMatchObject({ shape, dtype });
  });

  it('gives back strings, short, long and empty, and frees them', () => {
    const texts = ['', 'short', 'long enough to live outside the string itself', 'ünï'];
    const bytes = texts.map((text) => new TextEncoder().encode(text));
    const id = binding.createTensor([2, 2], string, bytes);
    const upper = binding.executeOp('StringUpper', [], [id], 1)[0]!;
    const read = (of: number) =>
      (binding.tensorDataSync(of) as unknown as Uint8Array[]).map((b) =>
        new TextDecoder().decode(b),
      );
    expect(read(id)).toEqual(texts);
    expect(read(upper.id)[2]).toBe(texts[2]!.toUpperCase());
    binding.deleteTensor(id);
    binding.deleteTensor(upper.id);
  });

  it('takes int64 as pairs of words, as tfjs-node writes them', () => {
    const id = binding.createTensor([1], int64, Int32Array.of(5, 0));
    expect(Array.from(binding.tensorDataSync(id) as unknown as BigInt64Array)).toEqual([5n]);
  });

  it('is not affected by later changes of the array it was given', () => {
    const values = Float32Array.of(1, 2);
    const id = binding.createTensor([2], float32, values);
    values.fill(9);
    const read = binding.tensorDataSync(id);
    read.fill(8);
    expect(Array.from(binding.tensorDataSync(id))).toEqual([1, 2]);
  });

  it('sets type attributes', () => {
    const attributes = { SrcT: { type: 'float32' }, DstT: { type: 'int32' } } as const;
    expect(run('Cast', attributes, [floats(1.9, -1.9)])).toMatchObject({
      dtype: int32,
      values: [1, -1],
    });
  });
  it('sets bool attributes', () => {
    const row = binding.createTensor([1, 2], float32, Float32Array.of(3, 4));
    expect(run('MatMul', { transpose_b: { bool: true } }, [row, row])).toMatchObject({
      shape: [1, 1],
      values: [25],
    });
    expect(run('MatMul', { transpose_a: { bool: true } }, [row, row])).toMatchObject({
      shape: [2, 2],
    });
  });
  it('sets int attributes', () => {
    const attributes = { T: { type: 'float32' }, N: { int: 2 }, axis: { int: 1 } } as const;
    expect(run('Pack', attributes, [floats(1, 2), floats(3, 4)])).toMatchObject({
      shape: [2, 2],
      values: [1, 3, 2, 4],
    });
  });
  it('sets float attributes', () => {
    expect(run('LeakyRelu', { alpha: { float: 0.25 } }, [floats(-4, 4)]).values).toEqual([-1, 4]);
  });
  it('sets lists of floats', () => {
    expect(
      run('Bucketize', { boundaries: { floats: [0, 10] } }, [floats(-1, 5, 11)]).values,
    ).toEqual([0, 1, 2]);
  });
  it('sets lists of ints, and strings', () => {
    const image = binding.createTensor([1, 2, 2, 1], float32, Float32Array.of(1, 2, 3, 4));
    const pool = { ksize: { ints: [1, 2, 2, 1] }, strides: { ints: [1, 1, 1, 1] } };
    expect(run('MaxPool', { ...pool, padding: { string: 'VALID' } }, [image]).values).toEqual([4]);
    expect(run('MaxPool', { ...pool, padding: { string: 'SAME' } }, [image]).values).toEqual([
      4, 4, 4, 4,
    ]);
  });
  it('sets shape attributes, and reports when they do not hold', () => {
    const holds = (shape: number[]) => () =>
      run('EnsureShape', { shape: { shape } }, [floats(1, 2)]);
    expect(holds([2])().values).toEqual([1, 2]);
    expect(holds([3])).toThrow(expect.objectContaining({ code: 'RF-TENSORFLOW-OP' }));
  });

  it.each([
    ['an unknown op', () => run('Convolve', {}, []), 'RF-TENSORFLOW-OP', /Convolve/],
    [
      'shapes that do not fit',
      () => run('MatMul', {}, [floats(1), floats(1)]),
      'RF-TENSORFLOW-OP',
      /MatMul/,
    ],
    [
      'a missing input',
      () => run('AddV2', {}, [floats(1)]),
      'RF-TENSORFLOW-OP',
      /'AddV2'.*1 inputs/,
    ],
    ['an unknown input', () => run('Relu', {}, [987654]), 'RF-TENSORFLOW-UNKNOWN-TENSOR', /987654/],
    [
      'a bad attribute',
      () => binding.executeOp('Relu', [{ name: 'T', type: 4, value: 'x' }], [floats(1)], 1),
      'RF-TENSORFLOW-ATTRIBUTE',
      /'T'/,
    ],
    [
      'data of the wrong size',
      () => binding.createTensor([3], float32, new Float32Array(2)),
      'RF-TENSORFLOW-TENSOR-SIZE',
      /Expected 12 bytes/,
    ],
    [
      'data of the wrong kind',
      () => binding.createTensor([1], float32, 'x'),
      'RF-TENSORFLOW-TENSOR-DATA',
      /typed array/,
    ],
    [
      'a deleted tensor',
      () => {
        const id = floats(1);
        binding.deleteTensor(id);
        binding.tensorDataSync(id);
      },
      'RF-TENSORFLOW-UNKNOWN-TENSOR',
      /disposed/,
    ],
    ['a SavedModel', () => binding.loadSavedModel(), 'RF-TENSORFLOW-SAVED-MODEL', /SavedModel/],
  ])('reports %s, and goes on', (_, fail, code, message) => {
    expect(fail).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect(run('Relu', {}, [floats(-1, 1)]).values).toEqual([0, 1]);
  });

  it('holds no tensor and no memory of ten thousand ops', () => {
    const size = 64 * 1024;
    const before = binding.getNumOfTensors();
    const work = (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        const id = binding.createTensor([size], float32, new Float32Array(size));
        const [sum] = binding.executeOp('AddV2', [], [id, id], 1);
        binding.tensorDataSync(sum!.id);
        try {
          binding.executeOp('MatMul', [], [id, id], 1);
        } catch {
          // The failing op must not leak either.
        }
        binding.deleteTensor(id);
        binding.deleteTensor(sum!.id);
      }
    };
    work(500);
    const settled = process.memoryUsage.rss();
    work(3000);
    expect(binding.getNumOfTensors()).toBe(before);
    // A leak of one tensor per round would be 750 MB; collected arrays come and go.
    expect(process.memoryUsage.rss() - settled).toBeLessThan(300e6);
  });
});
