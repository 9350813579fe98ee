import { openOnnx } from '@refold/formats';
import { onnxShape } from '../errors.js';
import { answerDifference, worseOf, type AnswerDifference } from '../onnx-runtime/difference-of.js';
import { openOnnxRuntime } from '../onnx-runtime/open-onnx-runtime.js';

/** Numbers with a shape. */
export interface Answer {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array;
}

/**
 * Runs a model with one input in ONNX Runtime and compares its first output with what it should be.
 *
 * @param probes batches `[N, …]` that the model takes: bytes as numbers where its input is uint8
 * @param expected the answer to each probe
 * @returns the largest absolute error, and the largest relative error (2-norm) of a probe
 * @throws RefoldError `RF-CLI-ONNXRUNTIME-MISSING`, `RF-CLI-ONNXRUNTIME-REFUSED`; `RF-CLI-ONNX-SHAPE` where an answer has
 * another shape; `RF-FILE-*`, `RF-ONNX-*`
 */
export async function checkOnnx(
  file: string,
  probes: readonly Answer[],
  expected: readonly Answer[],
): Promise<AnswerDifference> {
  const model = await openOnnx(file);
  const { inputs, outputs, initializers } = model.graph;
  await model.close();
  const input = inputs.find(({ name }) => !initializers.has(name));
  const output = outputs[0]?.name ?? '';
  const runtime = await openOnnxRuntime(file);
  try {
    let worst: AnswerDifference = { maxAbsError: 0, maxRelError: 0 };
    for (const [i, probe] of probes.entries()) {
      const type = input?.dataType === UINT8 ? 'uint8' : 'float32';
      const answers = await runtime.run({ [input?.name ?? '']: { type, ...probe } });
      const [wanted, received] = [expected[i]!, answers[output]!];
      if (wanted.shape.join() !== received.shape.join()) {
        throw onnxShape(file, output, wanted.shape, received.shape);
      }
      worst = worseOf(worst, answerDifference(wanted.data, received.data));
    }
    return worst;
  } finally {
    await runtime.close();
  }
}

/** `TensorProto.DataType` */
const UINT8 = 2;
