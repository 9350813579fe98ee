import type { AvgPoolAttrs, PoolAttrs, SampleShape } from '@refold/graph';
import { attr, type AttrValue } from '../graph-def.js';
import type { OpWriter, WriterArgs } from './op-writer.js';
import { isSame, padded, windowAttrs } from './window.js';

/** Less than any value: padding that never wins. */
const LOWEST = -3.4028234663852886e38;

export const maxPool: OpWriter<'max_pool'> = (args) => {
  const { node, topology, inputShapes, shape } = args;
  const { name, attrs } = node;
  if (isSingle(attrs)) return subsampled(args);
  const same = isSame(attrs, inputShapes[0]!, shape);
  const x = same || isUnpadded(attrs) ? args.inputs[0]! : padded(args, attrs.padding, LOWEST);
  return topology.op('MaxPool', name, [x], poolAttrs(attrs, same));
};

/** TensorFlow's never counts padded zeros. Where they count, they are put there before, as values. */
export const avgPool: OpWriter<'avg_pool'> = (args) => {
  const { node, topology, inputShapes, shape } = args;
  const { name, attrs } = node;
  if (isSingle(attrs)) return subsampled(args);
  if (isUnpadded(attrs)) return topology.op('AvgPool', name, args.inputs, poolAttrs(attrs, false));
  if (!attrs.countIncludePad && isSame(attrs, inputShapes[0]!, shape)) {
    return topology.op('AvgPool', name, args.inputs, poolAttrs(attrs, true));
  }
  const x = padded(args, attrs.padding);
  const mean = topology.op('AvgPool', name, [x], poolAttrs(attrs, false));
  if (attrs.countIncludePad) return mean;
  const shares = topology.constant(
    `${name}/shares`,
    [1, shape[1]!, shape[2]!, 1],
    sharesOf(attrs, inputShapes[0]!, shape),
  );
  return topology.op('Mul', `${name}/real`, [mean, shares]);
};

export const globalAvgPool: OpWriter<'global_avg_pool'> = ({ node, topology, inputs: [x] }) =>
  topology.op('Mean', node.name, [x!, topology.integers(`${node.name}/axes`, [1, 2])], {
    keep_dims: attr.bool(true),
    Tidx: attr.type('DT_INT32'),
  });

function poolAttrs(attrs: PoolAttrs, same: boolean): Readonly<Record<string, AttrValue>> {
  const { kernel } = attrs;
  return {
    ksize: attr.ints([1, kernel[0], kernel[1], 1]),
    ...windowAttrs(attrs, same ? 'SAME' : 'VALID'),
  };
}

const isSingle = ({ kernel }: PoolAttrs) => kernel[0] * kernel[1] === 1;
const isUnpadded = ({ padding }: PoolAttrs) => padding[0] === 0 && padding[1] === 0;

/** A pool of single pixels takes every stride-th; some backends have no such pool, all have this convolution. */
function subsampled({
  node: { name, attrs },
  topology,
  inputs: [x],
  shape: [channels = 1],
}: WriterArgs<'avg_pool' | 'max_pool'>): string {
  const ones = new Float32Array(channels).fill(1);
  const kernel = topology.constant(`${name}/ones`, [1, 1, channels, 1], ones);
  return topology.op('DepthwiseConv2dNative', name, [x!, kernel], {
    ...windowAttrs(attrs, 'VALID'),
    dilations: attr.ints([1, 1, 1, 1]),
  });
}

/** Kernel size over number of real values, for each place of the output. */
function sharesOf(
  { kernel, stride, padding }: AvgPoolAttrs,
  input: SampleShape,
  output: SampleShape,
): Float32Array {
  const real = (axis: 0 | 1) =>
    Array.from({ length: output[axis + 1]! }, (_, place) => {
      const from = place * stride[axis] - padding[axis];
      return Math.min(input[axis + 1]!, from + kernel[axis]) - Math.max(0, from);
    });
  const [rows, columns] = [real(0), real(1)];
  const size = kernel[0] * kernel[1];
  return Float32Array.from(rows.flatMap((h) => columns.map((w) => size / (h * w))));
}
