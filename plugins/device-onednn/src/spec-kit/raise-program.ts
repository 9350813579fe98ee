import {
  GraphBuilder,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type Value,
} from '@refold/graph';
import type { LoweredGraph } from '../lower/lower-graph.js';
import type { NativeStep } from '../native/native-program.js';

/** A lowered program as a graph again, with weights under its names: what the program means, in inference. */
export function raiseProgram(
  { program, specs }: LoweredGraph,
  weights: NamedTensors,
): { readonly graph: Graph; readonly weights: NamedTensors } {
  const { normalize } = program;
  const raised = new Map<string, HostTensor>();
  const take = (name: string, index: number) => {
    if (index >= 0) raised.set(name, weights.get(specs[index]!.name)!);
  };
  const b = new GraphBuilder({
    shape: program.values[0]!,
    dtype: normalize ? 'uint8' : 'float32',
  });
  const values: Value[] = [
    normalize ? b.node('normalize', 'normalize', [b.input], normalize) : b.input,
  ];
  program.steps.forEach((step, i) => {
    const name = `s${i}`;
    const inputs = step.inputs.map((input) => values[input]!);
    if ('weight' in step) take(`${name}.weight`, step.weight);
    if ('bias' in step) take(`${name}.bias`, step.bias);
    values[step.output] =
      step.op === 'branches'
        ? raiseBranches(b, name, step, inputs, take)
        : raisePlain(b, name, step, inputs, program.values[step.output]![0]!);
  });
  return { graph: b.build(values[program.output]!), weights: raised };
}

type Branches = Extract<NativeStep, { op: 'branches' }>;

function raiseBranches(
  b: GraphBuilder,
  name: string,
  { norms, activation }: Branches,
  inputs: readonly Value[],
  take: (name: string, index: number) => void,
): Value {
  const addends = inputs.map((x, i) => {
    const norm = norms[i];
    if (!norm) return x;
    const path = `${name}.norm${i}`;
    take(`${path}.weight`, norm.weight);
    take(`${path}.bias`, norm.bias);
    take(`${path}.running_mean`, norm.mean);
    take(`${path}.running_var`, norm.variance);
    return b.batchNorm(path, x, norm);
  });
  const sum = addends.length > 1 ? b.add(`${name}.sum`, addends) : addends[0]!;
  return activation === 'none' ? sum : b.activation(activation, `${name}.act`, sum);
}

function raisePlain(
  b: GraphBuilder,
  name: string,
  step: Exclude<NativeStep, Branches>,
  inputs: readonly Value[],
  channels: number,
): Value {
  const x = inputs[0]!;
  switch (step.op) {
    case 'conv2d': {
      const { kernel, stride, padding, dilation, groups } = step;
      const options = { outChannels: channels, kernel, stride, padding, dilation, groups };
      const y = b.conv2d(name, x, { ...options, bias: step.bias >= 0 });
      return step.activation === 'relu' ? b.activation('relu', `${name}.relu`, y) : y;
    }
    case 'linear':
      return b.linear(name, x, { outFeatures: channels, bias: step.bias >= 0 });
    case 'scale':
      return b.node('scale', name, [x], { init: 0 });
    case 'weighted_sum':
      return b.node('weighted_sum', name, inputs, { factors: step.factors });
    case 'max_pool':
      return b.maxPool(name, x, step);
    case 'avg_pool':
      return b.avgPool(name, x, step);
    case 'normalize':
      return b.node('normalize', name, [x], { mean: step.mean, std: step.std });
    case 'dropout':
    case 'drop_path':
      return b.node(step.op, name, [x], { rate: step.rate });
    case 'mul':
    case 'concat':
    case 'global_avg_pool':
    case 'flatten':
      return b.node(step.op, name, inputs, {});
    case 'quantize':
    case 'dequantize':
      throw new Error('Programs in eight bits are held against evaluateQuantised.');
  }
}
