import { GraphBuilder, type Graph, type Value } from '@refold/graph';

type Build = (b: GraphBuilder, x: Value) => Value;

function around(build: Build): Graph {
  const b = new GraphBuilder({ shape: [3, 7, 6], dtype: 'float32' });
  return b.build(build(b, b.conv2d('stem', b.input, { outChannels: 4, kernel: 1 })));
}

const conv = (options: Parameters<GraphBuilder['conv2d']>[2]): Graph =>
  around((b, x) => b.conv2d('op', x, options));
const stretched = (b: GraphBuilder, x: Value) => b.node('scale', 'stretch', [x], { init: 9 });

/** Every op of the vocabulary in a small network, by title. */
export const opGraphs: Readonly<Record<string, Graph>> = {
  'conv2d 1×1': conv({ outChannels: 5, kernel: 1 }),
  'conv2d 3×3, stride 2, bias': conv({
    ...{ outChannels: 5, kernel: 3, stride: 2, padding: 1, bias: true },
  }),
  'conv2d 1×3, uneven': conv({
    ...{ outChannels: 5, kernel: [1, 3], stride: [2, 1], padding: [0, 2] },
  }),
  'conv2d, dilation': conv({ outChannels: 5, kernel: 3, padding: 2, dilation: 2 }),
  'conv2d, groups': conv({ outChannels: 6, kernel: 3, padding: 1, groups: 2 }),
  'conv2d, depthwise': conv({ outChannels: 8, kernel: 3, padding: 1, groups: 4, bias: true }),
  batch_norm: around((b, x) => b.batchNorm('op', x, { eps: 0.01, momentum: 0.3 })),
  add: around((b, x) => b.add('op', [x, b.activation('sigmoid', 'op.sum0', x), x])),
  weighted_sum: around((b, x) =>
    b.node('weighted_sum', 'op', [x, b.activation('sigmoid', 'branch', x), x], {
      factors: [0.5, -1, 1],
    }),
  ),
  'weighted_sum, one value': around((b, x) =>
    b.node('weighted_sum', 'op', [x], { factors: [-1.5] }),
  ),
  'weighted_sum, a difference': around((b, x) =>
    b.node('weighted_sum', 'op', [x, b.activation('sigmoid', 'branch', x)], { factors: [1, -1] }),
  ),
  'batch_norm of vectors': around((b, x) =>
    b.batchNorm('op', b.flatten('vector', b.globalAvgPool('pool', x))),
  ),
  mul: around((b, x) => b.mul('op', x, b.activation('sigmoid', 'branch', x))),
  'mul by channel': around((b, x) =>
    b.mul('op', x, b.activation('sigmoid', 'gate', b.globalAvgPool('squeeze', x))),
  ),
  concat: around((b, x) =>
    b.node('concat', 'op', [x, b.conv2d('branch', x, { outChannels: 2, kernel: 1 }), x], {}),
  ),
  'concat of vectors': around((b, x) => {
    const a = b.flatten('a', b.globalAvgPool('pool', x));
    return b.node('concat', 'op', [a, b.linear('branch', a, { outFeatures: 3 })], {});
  }),
  scale: around((b, x) => b.node('scale', 'op', [x], { init: 0.5 })),
  relu: around((b, x) => b.activation('relu', 'op', x)),
  relu6: around((b, x) => b.activation('relu6', 'op', stretched(b, x))),
  silu: around((b, x) => b.activation('silu', 'op', x)),
  gelu: around((b, x) => b.activation('gelu', 'op', stretched(b, x))),
  sigmoid: around((b, x) => b.activation('sigmoid', 'op', x)),
  hard_sigmoid: around((b, x) => b.activation('hard_sigmoid', 'op', stretched(b, x))),
  hard_swish: around((b, x) => b.activation('hard_swish', 'op', stretched(b, x))),
  avg_pool: around((b, x) => b.avgPool('op', x, { kernel: 3, stride: 2, padding: 1 })),
  'avg_pool, padding does not count': around((b, x) =>
    b.avgPool('op', x, { kernel: 3, stride: 1, padding: 1, countIncludePad: false }),
  ),
  max_pool: around((b, x) => b.maxPool('op', x, { kernel: 3, stride: 2, padding: 1 })),
  global_avg_pool: around((b, x) => b.globalAvgPool('op', x)),
  flatten: around((b, x) => b.flatten('op', x)),
  linear: around((b, x) => b.linear('op', b.flatten('vector', x), { outFeatures: 5 })),
  'linear without bias': around((b, x) =>
    b.linear('op', b.flatten('vector', x), { outFeatures: 5, bias: false }),
  ),
  dropout: around((b, x) => b.node('dropout', 'op', [x], { rate: 0.5 })),
  'drop_path inside': around((b, x) =>
    b.activation('relu', 'after', b.node('drop_path', 'op', [x], { rate: 0.5 })),
  ),
  normalize: (() => {
    const b = new GraphBuilder({ shape: [3, 7, 6], dtype: 'uint8' });
    const attrs = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const x = b.node('normalize', 'op', [b.input], attrs);
    return b.build(b.conv2d('stem', x, { outChannels: 4, kernel: 3 }));
  })(),
  'names of nodes that are names of tensors': around((b, x) =>
    b.activation('relu', 'next.weight', b.conv2d('next', x, { outChannels: 2, kernel: 1 })),
  ),
  'a network of nothing': (() => {
    const b = new GraphBuilder({ shape: [3], dtype: 'float32' });
    return b.build(b.input);
  })(),
};
