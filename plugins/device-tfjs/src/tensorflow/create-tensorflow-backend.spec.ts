import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { createTensorflowBackend, type TensorflowBackend } from './create-tensorflow-backend.js';
import { probeLibtensorflow } from './probe-libtensorflow.js';
import { describeWithTensorflow } from './spec-kit/tensorflow-in-tests.js';

describeWithTensorflow('createTensorflowBackend', () => {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  let tensorflow: TensorflowBackend;

  beforeAll(async () => {
    // As on Node 23 and newer, where tfjs-node alone would fail.
    delete util['isNullOrUndefined'];
    delete util['isArray'];
    tensorflow = await createTensorflowBackend({ threads: 2 });
    await tf.setBackend('tensorflow');
  });
  afterAll(() => tf.removeBackend('tensorflow'));

  it('is the library that was found', () => {
    const probe = probeLibtensorflow();
    expect(probe).toMatchObject({ usable: true, version: tensorflow.version });
    expect(probe.found?.libraryPath).toBe(tensorflow.libraryPath);
    expect(tf.getBackend()).toBe('tensorflow');
    expect(tf.backend()).toBe(tensorflow.backend);
  });

  it('runs tfjs kernels and gradients', () => {
    const before = tensorflow.liveTensors();
    tf.tidy(() => {
      const x = tf.ones<tf.Rank.R4>([1, 4, 4, 3]);
      const gradient = tf.grad((input) =>
        tf.conv2d(input as tf.Tensor4D, tf.ones([3, 3, 3, 2]), 1, 'same').sum(),
      );
      const dx = gradient(x) as tf.Tensor4D;
      expect(
        Array.from(dx.dataSync())
          .filter((_, i) => i % 3 === 0)
          .slice(0, 8),
      ).toEqual([8, 12, 12, 8, 12, 18, 18, 12]);
    });
    expect(tensorflow.liveTensors()).toBe(before);
  });

  it('runs kernels that need what Node 23 removed', () => {
    const values = tf.tidy(() => Array.from(tf.topk(tf.tensor1d([1, 5, 2]), 2).values.dataSync()));
    expect(values).toEqual([5, 2]);
  });

  it('runs any op by name, inside tidy', () => {
    const before = tensorflow.liveTensors();
    const result = tf.tidy(() => {
      const inputs = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4]), tf.tensor1d([5, 6])];
      const [sum] = tensorflow.execute(
        'AddN',
        { T: { type: 'float32' }, N: { int: 3 } },
        inputs,
        1,
      );
      return Array.from(sum!.dataSync());
    });
    expect(result).toEqual([9, 12]);
    expect(tensorflow.liveTensors()).toBe(before);
  });

  it('reports a failing op with its name', () => {
    expect(() => tf.tidy(() => tensorflow.execute('NoSuchOp', {}, [], 1))).toThrow(
      expect.objectContaining({ code: 'RF-TENSORFLOW-OP' }),
    );
  });

  it('makes floats of bytes', () => {
    const before = tensorflow.liveTensors();
    const tensor = tensorflow.fromBytes(Uint8Array.of(0, 1, 254, 255), [2, 2]);
    expect([tensor.dtype, tensor.shape, Array.from(tensor.dataSync())]).toEqual([
      'float32',
      [2, 2],
      [0, 1, 254, 255],
    ]);
    tensor.dispose();
    expect(tensorflow.liveTensors()).toBe(before);
  });

  it('is one per process, with one setting', async () => {
    const again = await createTensorflowBackend({ threads: 2 });
    expect(again.backend).toBe(tensorflow.backend);
    await expect(createTensorflowBackend({ threads: 1 })).rejects.toMatchObject({
      code: 'RF-TENSORFLOW-ALREADY-RUNNING',
    });
  });
});
