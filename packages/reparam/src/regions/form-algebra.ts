import { InternalError, type GraphNode, type SampleShape } from '@refold/graph';
import type { MapForm, Refusal } from '../algebra/linear-map.js';
import { avgPoolForm } from '../rules/avg-pool-map.js';
import { batchNormMap } from '../rules/batch-norm-map.js';
import { composeForm } from '../rules/compose.js';
import { concatForm } from '../rules/concat.js';
import { convForm } from '../rules/conv-map.js';
import { diagonalForm } from '../rules/diagonal-map.js';
import { linearForm } from '../rules/linear-layer-map.js';
import { sumForm } from '../rules/sum.js';
import type { Algebra } from './fold-region.js';
import { batchNormTensors, type WeightReader } from './weight-reader.js';

/** Folds by form alone. Weights are read only to learn which biases are zero. */
export function formAlgebra(
  shapes: ReadonlyMap<string, SampleShape>,
  weights: WeightReader,
): Algebra<MapForm> {
  const forms = new Map<string, MapForm | Refusal | undefined>();
  const channelsOf = (node: string): number => shapes.get(node)![0]!;
  return {
    nodeMap(node) {
      if (!forms.has(node.name)) forms.set(node.name, nodeForm(node, channelsOf, weights));
      return forms.get(node.name);
    },
    identity: (node) => diagonalForm(channelsOf(node), true),
    compose: composeForm,
    sum: sumForm,
    times: (form) => form,
    concat: concatForm,
  };
}

function nodeForm(
  node: GraphNode,
  channelsOf: (node: string) => number,
  weights: WeightReader,
): MapForm | Refusal | undefined {
  const channels = channelsOf(node.inputs[0]!);
  switch (node.op) {
    case 'conv2d': {
      const zeroBias = !node.attrs.bias || weights(`${node.name}.bias`).every((x) => x === 0);
      return convForm(node.attrs, channels, zeroBias);
    }
    case 'linear': {
      const zeroBias = !node.attrs.bias || weights(`${node.name}.bias`).every((x) => x === 0);
      return linearForm(node.attrs, channels, zeroBias);
    }
    case 'batch_norm':
      return batchNormMap(batchNormTensors(node.name, weights), node.attrs.eps).form;
    case 'scale':
      return diagonalForm(channels, true);
    case 'avg_pool':
      return avgPoolForm(node.attrs, channels);
    case 'dropout':
    case 'drop_path':
      return undefined;
    default:
      throw new InternalError(`The op '${node.op}' is in a linear region.`);
  }
}
