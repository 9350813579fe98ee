import type { ModelContext } from '@refold/core';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';
import type { RepghostBlock, RepghostSpec } from './repghost-spec.js';

/** Channels of the head's convolution, whatever the width. */
const HEAD = 1280;

/**
 * RepGhostNet in train form (Chen et al. 2022, figures 4 and 5), with timm's names, which are the authors'. A ghost
 * module is `relu( BN(depthwise(y)) + BN(y) )` of `y = relu( BN(1×1(x)) )`; the one that narrows has neither ReLU.
 */
export function repghostGraph(spec: RepghostSpec, context: ModelContext): Graph {
  const { sample, normalization, numClasses } = context;
  const b = new GraphBuilder({
    shape: [sample.channels, sample.height, sample.width],
    dtype: normalization ? 'uint8' : 'float32',
  });
  const channels = (count: number) => divisible(count * spec.width, 4);
  let x = normalization ? b.node('normalize', 'normalize', [b.input], normalization) : b.input;
  x = b.conv2d('conv_stem', x, { outChannels: channels(16), kernel: 3, stride: 2, padding: 1 });
  x = b.activation('relu', 'act1', b.batchNorm('bn1', x));
  for (const [stage, blocks] of spec.stages.entries()) {
    for (const [i, block] of blocks.entries()) {
      x = bottleneck(b, `blocks.${stage}.${i}`, x, {
        ...block,
        hidden: channels(block.hidden),
        out: channels(block.out),
      });
    }
  }
  const last = `blocks.${spec.stages.length}.0`;
  const wide = channels(2 * spec.stages.at(-1)!.at(-1)!.hidden);
  x = b.conv2d(`${last}.conv`, x, { outChannels: wide, kernel: 1 });
  x = b.activation('relu', `${last}.act`, b.batchNorm(`${last}.bn1`, x));
  x = b.globalAvgPool('global_pool', x);
  x = b.conv2d('conv_head', x, { outChannels: HEAD, kernel: 1, bias: true });
  x = b.flatten('flatten', b.activation('relu', 'act2', x));
  if (spec.dropRate > 0) x = b.node('dropout', 'drop', [x], { rate: spec.dropRate });
  return b.build(b.linear('classifier', x, { outFeatures: numClasses }));
}

/** @param block with the channels of this very network */
function bottleneck(b: GraphBuilder, name: string, x: Value, block: RepghostBlock): Value {
  const { kernel, hidden, out, stride, squeezeExcite } = block;
  // Nodes in the order of timm's state dict.
  let y = ghost(b, `${name}.ghost1`, x, hidden, true);
  const strided = { kernel, stride, padding: Math.floor((kernel - 1) / 2) };
  if (stride > 1) {
    y = b.conv2d(`${name}.conv_dw`, y, { ...strided, outChannels: hidden, groups: hidden });
    y = b.batchNorm(`${name}.bn_dw`, y);
  }
  if (squeezeExcite > 0) y = excited(b, `${name}.se`, y, divisible(hidden * squeezeExcite, 4));
  y = ghost(b, `${name}.ghost2`, y, out, false);
  const inside = x.shape[0]!;
  let shortcut = x;
  if (inside !== out || stride > 1) {
    const depthwise = { ...strided, outChannels: inside, groups: inside };
    shortcut = b.batchNorm(`${name}.shortcut.1`, b.conv2d(`${name}.shortcut.0`, x, depthwise));
    shortcut = b.conv2d(`${name}.shortcut.2`, shortcut, { outChannels: out, kernel: 1 });
    shortcut = b.batchNorm(`${name}.shortcut.3`, shortcut);
  }
  return b.add(`${name}.sum`, [y, shortcut]);
}

function ghost(b: GraphBuilder, name: string, x: Value, channels: number, relu: boolean): Value {
  const activated = (path: string, y: Value) => (relu ? b.activation('relu', path, y) : y);
  const point = b.conv2d(`${name}.primary_conv.0`, x, { outChannels: channels, kernel: 1 });
  const y = activated(`${name}.primary_conv.2`, b.batchNorm(`${name}.primary_conv.1`, point));
  const fusion = b.batchNorm(`${name}.fusion_bn.0`, y);
  const depthwise = { outChannels: channels, kernel: 3, padding: 1, groups: channels };
  const cheap = b.conv2d(`${name}.cheap_operation.0`, y, depthwise);
  const sum = b.add(`${name}.sum`, [b.batchNorm(`${name}.cheap_operation.1`, cheap), fusion]);
  return activated(`${name}.relu`, sum);
}

/** Squeeze-excite (Hu et al. 2018) with the piecewise linear gate of MobileNetV3. */
function excited(b: GraphBuilder, name: string, x: Value, squeezed: number): Value {
  const point = { kernel: 1, bias: true };
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const reduced = b.conv2d(`${name}.conv_reduce`, pooled, { ...point, outChannels: squeezed });
  const hidden = b.activation('relu', `${name}.act1`, reduced);
  const expanded = b.conv2d(`${name}.conv_expand`, hidden, {
    ...point,
    outChannels: x.shape[0]!,
  });
  return b.mul(`${name}.mul`, x, b.activation('hard_sigmoid', `${name}.gate`, expanded));
}

/** The nearest multiple, at least one, and no more than a tenth below (MobileNet's rule; timm's `make_divisible`). */
function divisible(value: number, divisor: number): number {
  const rounded = Math.max(divisor, divisor * Math.floor((value + divisor / 2) / divisor));
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}
