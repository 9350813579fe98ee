import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  constantTensors,
  copyModel,
  writeOnnxFile,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '@refold/formats';
import { openOnnxRuntime } from '../onnx-runtime/open-onnx-runtime.js';
import type { RuntimeTensor } from '../onnx-runtime/runtime-messages.js';

const FLOATS = new Set([1, 10, 11, 16]);

/** Numbers that were trained: floats among the initializers, without the statistics of batch norms. */
export function countParameters({ graph }: OnnxModel): number {
  const statistics = new Set(
    graph.nodes.flatMap(({ opType, inputs }) =>
      opType === 'BatchNormalization' ? inputs.slice(3, 5) : [],
    ),
  );
  let count = 0;
  for (const [name, { shape, dataType }] of graph.initializers) {
    if (!FLOATS.has(dataType) || shape.length === 0 || statistics.has(name)) continue;
    count += shape.reduce((product, size) => product * size, 1);
  }
  return count;
}

/**
 * Multiply-adds of a model for these inputs, as `count` counts them: convolutions and matrix products with weights. ONNX
 * Runtime says the sizes of their values.
 *
 * @throws RefoldError `RF-CLI-ONNXRUNTIME-*`
 */
export async function countMacs(
  model: OnnxModel,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<number> {
  const factors = new Map<string, number>();
  const constants = constantTensors(model);
  for (const node of model.graph.nodes) {
    const factor = macsPerElement(node, constants);
    if (factor !== undefined) factors.set(node.outputs[0]!, factor);
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'refold-onnx-'));
  try {
    const file = path.join(folder, 'shapes.onnx');
    await writeOnnxFile(file, await copyModel(model, { outputs: [...factors.keys()] }));
    const runtime = await openOnnxRuntime(file);
    try {
      const shapes = await runtime.shapes(feeds);
      let macs = 0;
      for (const [name, factor] of factors) {
        macs += (shapes[name]?.shape ?? []).reduce((product, size) => product * size, factor);
      }
      return macs;
    } finally {
      await runtime.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Multiply-adds for one element of a node's value; undefined where it has no weights. */
function macsPerElement(
  { opType, domain, inputs, attributes }: OnnxNode,
  constants: ReadonlyMap<string, OnnxTensor>,
): number | undefined {
  const shape = constants.get(inputs[1] ?? '')?.shape;
  if (domain !== '' || !shape) return undefined;
  switch (opType) {
    case 'Conv':
      return shape.slice(1).reduce((product, size) => product * size, 1);
    case 'MatMul':
      return shape.at(-2);
    case 'Gemm':
      return attributes.get('transB')?.int === 1 ? shape[1] : shape[0];
    default:
      return undefined;
  }
}
