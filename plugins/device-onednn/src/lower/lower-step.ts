import { InternalError, type GraphNode } from '@refold/graph';
import type { NativeStep } from '../native/native-program.js';
import type { BranchGroup } from './merge-branches.js';

type Distribute<T> = T extends unknown ? Omit<T, 'name' | 'region' | 'inputs' | 'output'> : never;

/**
 * What a step does, without its place in the network.
 *
 * @param group where the node is the last of a `branches` step
 * @param tensor index of a tensor by full name; −1 where there is none
 * @param stream a number of the step's own
 */
export function lowerStep(
  node: GraphNode,
  group: BranchGroup | undefined,
  tensor: (name: string) => number,
  stream: number,
): Distribute<NativeStep> {
  const { name } = node;
  if (group) {
    return {
      op: 'branches',
      activation: group.activation,
      norms: group.addends.map(({ norm }) =>
        norm
          ? {
              weight: tensor(`${norm.name}.weight`),
              bias: tensor(`${norm.name}.bias`),
              mean: tensor(`${norm.name}.running_mean`),
              variance: tensor(`${norm.name}.running_var`),
              eps: norm.attrs.eps,
              momentum: norm.attrs.momentum,
            }
          : null,
      ),
    };
  }
  switch (node.op) {
    case 'conv2d': {
      const { kernel, stride, padding, dilation, groups, bias } = node.attrs;
      return {
        op: 'conv2d',
        kernel,
        stride,
        padding,
        dilation,
        groups,
        weight: tensor(`${name}.weight`),
        bias: bias ? tensor(`${name}.bias`) : -1,
        activation: 'none',
      };
    }
    case 'linear': {
      const bias = node.attrs.bias ? tensor(`${name}.bias`) : -1;
      return { op: 'linear', weight: tensor(`${name}.weight`), bias };
    }
    case 'scale':
      return { op: 'scale', weight: tensor(`${name}.weight`) };
    case 'weighted_sum':
      return { op: 'weighted_sum', factors: node.attrs.factors };
    case 'max_pool':
      return { op: 'max_pool', ...node.attrs, countIncludePad: false };
    case 'avg_pool':
      return { op: 'avg_pool', ...node.attrs };
    case 'normalize':
      return { op: 'normalize', ...node.attrs };
    case 'dropout':
    case 'drop_path':
      return { op: node.op, rate: node.attrs.rate, stream };
    case 'mul':
    case 'concat':
    case 'global_avg_pool':
    case 'flatten':
      return { op: node.op };
    default:
      throw new InternalError(`'${name}' (${node.op}) is no step of its own.`);
  }
}
