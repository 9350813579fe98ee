import type { HostTensor, Pair, PoolAttrs, Value } from '@refold/graph';
import { plain, sizesOf, type Known } from './known.js';
import { attributesOf, type ReadCall } from './network-reader.js';

/** Kernel, strides, padding and dilation of a convolution or pool. */
export function windowOf(call: ReadCall, kernelShape: readonly number[]) {
  const { node, reader } = call;
  const { ints, text, int } = attributesOf(node);
  const kernel = ints('kernel_shape', kernelShape);
  if (kernel.length !== 2) reader.unsupported(node, 'it is not of two dimensions');
  const pads = ints('pads', [0, 0, 0, 0]);
  const auto = text('auto_pad', 'NOTSET');
  const strides = ints('strides', [1, 1]);
  const dilations = ints('dilations', [1, 1]);
  const pair = ([a = 1, b = 1]: readonly number[]): Pair => [a, b];
  const base = { kernel: pair(kernel), stride: pair(strides), dilation: pair(dilations) };
  if (auto === 'VALID') return { ...base, padding: [0, 0] as Pair };
  if (auto !== 'NOTSET' && auto !== '') return { ...base, padding: samePadding(call, base) };
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  if (top !== bottom || left !== right) {
    reader.unsupported(node, `its padding [${pads.join(', ')}] is not the same on both sides`);
  }
  if (int('ceil_mode', 0) !== 0) checkCeil(call, { ...base, padding: [top, left] });
  return { ...base, padding: [top, left] as Pair };
}

interface Window extends PoolAttrs {
  readonly dilation: Pair;
}

/** SAME_UPPER and SAME_LOWER, where the padding is the same before and after. */
function samePadding(call: ReadCall, { kernel, stride, dilation }: Omit<Window, 'padding'>): Pair {
  const { node, reader } = call;
  const sizes = reader.value(call).shape.slice(1);
  const total = [0, 1].map((axis) => {
    const [size, step] = [sizes[axis]!, stride[axis]!];
    const span = (kernel[axis]! - 1) * dilation[axis]! + 1;
    return Math.max(0, (Math.ceil(size / step) - 1) * step + span - size);
  });
  if (total.some((pad) => pad % 2 !== 0)) {
    reader.unsupported(node, `'${attributesOf(node).text('auto_pad', '')}' pads one side more`);
  }
  return [total[0]! / 2, total[1]! / 2];
}

/** Rounding up is rounding down where windows end at the border. */
function checkCeil(call: ReadCall, { kernel, stride, padding }: Window): void {
  const sizes = call.reader.value(call).shape.slice(1);
  const uneven = [0, 1].some(
    (axis) => (sizes[axis]! + 2 * padding[axis]! - kernel[axis]!) % stride[axis]! !== 0,
  );
  if (uneven) call.reader.unsupported(call.node, 'its last window leaves the image (ceil_mode)');
}

export function readConv(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const kernel = reader.constant(call, 1, 'weight');
  const [outChannels = 0, perGroup = 0, ...size] = kernel.shape;
  if (size.length !== 2) reader.unsupported(node, 'it is not of two dimensions');
  const window = windowOf(call, size);
  const groups = attributesOf(node).int('group', 1);
  const bias = inputs[2] && reader.constant(call, 2, 'bias');
  const x = reader.value(call);
  if (x.shape[0] !== perGroup * groups) reader.unsupported(node, 'its weight fits other channels');
  const tensors: Record<string, HostTensor> = {
    weight: reader.tensor(node, kernel, [outChannels, perGroup, ...window.kernel]),
  };
  if (bias) tensors['bias'] = reader.tensor(node, bias, [outChannels]);
  const attrs = { ...window, outChannels, groups, bias: bias !== undefined };
  return plain(reader.add('conv2d', reader.names.name(node, node.inputs[1]), [x], attrs, tensors));
}

export function readBatchNorm(call: ReadCall): Known {
  const { node, reader } = call;
  const { float, int } = attributesOf(node);
  if (int('training_mode', 0) !== 0) reader.unsupported(node, 'it is in training mode');
  const x = reader.value(call);
  const shape = [x.shape[0]!];
  const tensor = (position: number, what: string) =>
    reader.tensor(node, reader.constant(call, position, what), shape);
  const tensors = {
    weight: tensor(1, 'scale'),
    bias: tensor(2, 'bias'),
    running_mean: tensor(3, 'mean'),
    running_var: tensor(4, 'variance'),
  };
  const name = reader.names.name(node, node.inputs[1]);
  const momentum = 1 - shortest(float('momentum', 0.9));
  const attrs = { eps: shortest(float('epsilon', 1e-5)), momentum: shortest(momentum) };
  return plain(reader.add('batch_norm', name, [x], attrs, tensors));
}

/** A float32 as the decimal number that was meant: 1e-5, not 0.000009999999747. */
function shortest(value: number): number {
  return Number(value.toPrecision(6));
}

export function readGemm(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const { int, float } = attributesOf(node);
  const [alpha, beta] = [float('alpha', 1), float('beta', 1)];
  if (int('transA', 0) !== 0) reader.unsupported(node, 'its input is transposed');
  const weight = linearWeight(call, int('transB', 0) !== 0, alpha);
  const tensors: Record<string, HostTensor> = { weight };
  const [outFeatures = 0] = weight.shape;
  if (inputs[2]) {
    const { data } = reader.constant(call, 2, 'bias');
    if (data.length !== outFeatures && data.length !== 1)
      reader.unsupported(node, 'its bias fits other features');
    const values = Float32Array.from(
      { length: outFeatures },
      (_, i) => data[data.length === 1 ? 0 : i]! * beta,
    );
    tensors['bias'] = { shape: [outFeatures], data: values };
  }
  return linear(call, tensors, outFeatures);
}

export function readMatMul(call: ReadCall): Known {
  const weight = linearWeight(call, false, 1);
  return linear(call, { weight }, weight.shape[0]!);
}

function linear(call: ReadCall, tensors: Record<string, HostTensor>, outFeatures: number): Known {
  const { node, reader } = call;
  const name = reader.names.name(node, node.inputs[1]);
  const attrs = { outFeatures, bias: 'bias' in tensors };
  return plain(reader.add('linear', name, [vector(call)], attrs, tensors));
}

/** A weight `[out, in]`, whichever way it lies. */
function linearWeight(call: ReadCall, transposed: boolean, factor: number): HostTensor {
  const { node, reader } = call;
  const { shape, data } = reader.constant(call, 1, 'weight');
  if (shape.length !== 2) reader.unsupported(node, 'its weight is no matrix');
  const [rows = 0, columns = 0] = shape;
  const [out, into] = transposed ? [rows, columns] : [columns, rows];
  if (vector(call).shape[0] !== into) reader.unsupported(node, 'its weight fits other features');
  const values = new Float32Array(out * into);
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < into; i++) {
      values[o * into + i] = data[transposed ? o * into + i : i * out + o]! * factor;
    }
  }
  return { shape: [out, into], data: values };
}

function vector(call: ReadCall): Value {
  const x = call.reader.value(call);
  if (x.shape.length !== 1) call.reader.unsupported(call.node, 'its input is no vector');
  return x;
}

export function readPool(call: ReadCall): Known {
  const { node, reader } = call;
  const { int } = attributesOf(node);
  const { dilation, ...attrs } = windowOf(call, []);
  const x = reader.value(call);
  if (dilation.some((one) => one !== 1)) reader.unsupported(node, 'its windows have gaps');
  if (node.outputs[1]) reader.unsupported(node, 'it gives indices too');
  const name = reader.names.name(node);
  if (node.opType === 'MaxPool') return plain(reader.add('max_pool', name, [x], attrs));
  const countIncludePad = int('count_include_pad', 0) !== 0;
  return plain(reader.add('avg_pool', name, [x], { ...attrs, countIncludePad }));
}

/** `ReduceMean` over height and width. */
export function readReduceMean(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const { ints, int } = attributesOf(node);
  const given = inputs[1] === undefined ? ints('axes', []) : (sizesOf(inputs[1]) ?? []);
  const x = reader.value(call);
  const axes = given.map((axis) => (axis === 'N' ? NaN : axis < 0 ? axis + 4 : axis)).sort();
  if (x.shape.length !== 3 || axes.join() !== '2,3') {
    reader.unsupported(node, 'it averages over other axes than height and width');
  }
  const pooled = reader.add('global_avg_pool', reader.names.name(node), [x], {});
  if (int('keepdims', 1) !== 0) return plain(pooled);
  return plain(reader.add('flatten', reader.names.unique(`${pooled.name}.flatten`), [pooled], {}));
}
