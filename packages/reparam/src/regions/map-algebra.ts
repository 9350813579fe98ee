import { InternalError, type GraphNode, type SampleShape } from '@refold/graph';
import { isRefusal, type LinearMap, type Refusal } from '../algebra/linear-map.js';
import { avgPoolForm, avgPoolMap } from '../rules/avg-pool-map.js';
import { batchNormMap } from '../rules/batch-norm-map.js';
import { compose } from '../rules/compose.js';
import { concat } from '../rules/concat.js';
import { convForm, convMap } from '../rules/conv-map.js';
import { diagonalMap, identityMap } from '../rules/diagonal-map.js';
import { linearForm } from '../rules/linear-layer-map.js';
import { sum } from '../rules/sum.js';
import { times } from '../rules/times.js';
import type { Algebra } from './fold-region.js';
import { batchNormTensors, type WeightReader } from './weight-reader.js';

/** Folds with numbers, in float64. */
export function mapAlgebra(
  shapes: ReadonlyMap<string, SampleShape>,
  weights: WeightReader,
): Algebra<LinearMap> {
  const channelsOf = (node: string): number => shapes.get(node)![0]!;
  return {
    nodeMap: (node) => nodeMap(node, channelsOf, weights),
    identity: (node) => identityMap(channelsOf(node)),
    compose,
    sum,
    times,
    concat,
  };
}

function nodeMap(
  node: GraphNode,
  channelsOf: (node: string) => number,
  weights: WeightReader,
): LinearMap | Refusal | undefined {
  const channels = channelsOf(node.inputs[0]!);
  switch (node.op) {
    case 'conv2d': {
      const bias = node.attrs.bias ? weights(`${node.name}.bias`) : undefined;
      const form = convForm(node.attrs, channels, bias?.every((x) => x === 0) ?? true);
      return convMap(form, weights(`${node.name}.weight`), bias);
    }
    case 'linear': {
      const bias = node.attrs.bias ? weights(`${node.name}.bias`) : undefined;
      const form = linearForm(node.attrs, channels, bias?.every((x) => x === 0) ?? true);
      return convMap(form, weights(`${node.name}.weight`), bias);
    }
    case 'batch_norm':
      return batchNormMap(batchNormTensors(node.name, weights), node.attrs.eps);
    case 'scale':
      return diagonalMap(Float64Array.from(weights(`${node.name}.weight`)));
    case 'avg_pool': {
      const form = avgPoolForm(node.attrs, channels);
      return isRefusal(form) ? form : avgPoolMap(form);
    }
    case 'dropout':
    case 'drop_path':
      return undefined;
    default:
      throw new InternalError(`The op '${node.op}' is in a linear region.`);
  }
}
