import { InternalError, tensorsOf, type Graph, type NamedTensors } from '@refold/graph';
import { misshapenTensor, missingTensor, negativeVariance, nonFiniteTensor } from '../errors.js';
import type { BatchNormTensors } from '../rules/batch-norm-map.js';

/** Values of a tensor by full name. Not to be changed. */
export type WeightReader = (name: string) => Float32Array;

/**
 * A reader over weights that were checked once against the graph: all there, of the right shape, finite,
 * variances positive with their eps.
 *
 * @throws RefoldError `RF-FUSE-MISSING-TENSOR`, `RF-FUSE-TENSOR-SHAPE`, `RF-FUSE-NON-FINITE`, `RF-FUSE-VARIANCE`
 */
export function checkedWeights(graph: Graph, weights: NamedTensors): WeightReader {
  for (const { name, shape } of tensorsOf(graph)) {
    const tensor = weights.get(name);
    if (!tensor) throw missingTensor(name, shape);
    if (tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i])) {
      throw misshapenTensor(name, shape, tensor.shape);
    }
    const { data } = tensor;
    // Not `Number.isFinite`: inside a vm context, as in jest, each look-up of a global costs more than the rest.
    const bad = data.findIndex((value) => value - value !== 0);
    if (bad >= 0) throw nonFiniteTensor(name, bad, data[bad]!);
  }
  for (const node of graph.nodes) {
    if (node.op !== 'batch_norm') continue;
    const name = `${node.name}.running_var`;
    const low = weights.get(name)!.data.find((value) => value + node.attrs.eps <= 0);
    if (low !== undefined) throw negativeVariance(name, low);
  }
  return (name) => {
    const tensor = weights.get(name);
    if (!tensor) throw new InternalError(`The tensor '${name}' is not one of the graph's.`);
    return tensor.data;
  };
}

/** The four tensors of a batch norm. */
export function batchNormTensors(node: string, weights: WeightReader): BatchNormTensors {
  return {
    weight: weights(`${node}.weight`),
    bias: weights(`${node}.bias`),
    running_mean: weights(`${node}.running_mean`),
    running_var: weights(`${node}.running_var`),
  };
}
