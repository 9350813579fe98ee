import {
  isIdentity,
  mapped,
  near,
  plain,
  type Affine,
  type Constant,
  type Known,
} from './known.js';
import { attributesOf, type ReadCall } from './network-reader.js';
import { readArithmetic } from './read-arithmetic.js';
import {
  readBatchNorm,
  readConv,
  readGemm,
  readMatMul,
  readPool,
  readReduceMean,
} from './read-layers.js';
import { readReshape, readShape, readSizes, readSqueeze } from './read-shapes.js';

type Reader = (call: ReadCall) => Known;
type Plain = 'relu' | 'sigmoid' | 'silu' | 'gelu' | 'hard_swish' | 'global_avg_pool';

const one =
  (op: Plain): Reader =>
  (call) =>
    plain(call.reader.add(op, call.reader.names.name(call.node), [call.reader.value(call)], {}));

/** Ops that do nothing at inference. */
const same: Reader = (call) => {
  const [known] = call.inputs;
  return known ?? call.reader.unsupported(call.node, 'it has no input');
};

const sizesOr =
  (otherwise: Reader): Reader =>
  (call) =>
    readSizes(call) ?? otherwise(call);

/** How each op of ONNX becomes part of a Refold graph. */
const READERS: Readonly<Record<string, Reader>> = {
  Conv: readConv,
  BatchNormalization: readBatchNorm,
  Gemm: readGemm,
  MatMul: readMatMul,
  MaxPool: readPool,
  AveragePool: readPool,
  GlobalAveragePool: one('global_avg_pool'),
  ReduceMean: readReduceMean,
  Relu: one('relu'),
  Sigmoid: one('sigmoid'),
  HardSwish: one('hard_swish'),
  Gelu(call) {
    if (attributesOf(call.node).text('approximate', 'none') !== 'none') {
      call.reader.unsupported(call.node, 'it is the approximate GELU');
    }
    return one('gelu')(call);
  },
  Swish(call) {
    if (attributesOf(call.node).float('alpha', 1) !== 1) {
      call.reader.unsupported(call.node, 'its alpha is not 1');
    }
    return one('silu')(call);
  },
  Clip: readClip,
  HardSigmoid(call) {
    const { float } = attributesOf(call.node);
    const [x] = call.inputs;
    if (x?.kind !== 'affine' || x.core !== 'x')
      return call.reader.unsupported(call.node, 'its input is no image');
    if (!near(float('alpha', 0.2), 1 / 6) || float('beta', 0.5) !== 0.5) {
      call.reader.unsupported(call.node, 'it is not clip(x / 6 + 1/2, 0, 1)');
    }
    const argument = { scale: x.scale, shift: x.shift };
    return { ...plain(x.base), core: 'hard', argument, scale: [1 / 6] };
  },
  Erf: readErf,
  Add: readArithmetic,
  Sub: readArithmetic,
  Mul: readArithmetic,
  Div: readArithmetic,
  Sum(call) {
    const { node, inputs, reader } = call;
    if (inputs.length === 1) return same(call);
    const values = inputs.map((_, i) => reader.value(call, i));
    return plain(reader.add('add', reader.names.name(node), values, {}));
  },
  Concat: sizesOr((call) => {
    const { node, inputs, reader } = call;
    const axis = attributesOf(node).int('axis', NaN);
    if (inputs.length === 1) return same(call);
    const values = inputs.map((_, i) => reader.value(call, i));
    if (axis !== 1 && axis !== -values[0]!.shape.length) {
      reader.unsupported(node, 'it does not join channels');
    }
    return plain(reader.add('concat', reader.names.name(node), values, {}));
  }),
  Flatten: readReshape,
  Reshape: readReshape,
  Squeeze: sizesOr(readSqueeze),
  Shape: readShape,
  Gather: sizesOr((call) => call.reader.unsupported(call.node, 'it takes parts of a value')),
  Slice: sizesOr((call) => call.reader.unsupported(call.node, 'it takes a part of a value')),
  Unsqueeze: sizesOr((call) => call.reader.unsupported(call.node, 'it adds axes to a value')),
  Cast: sizesOr(same),
  Identity: same,
  Dropout: same,
  Transpose: readTranspose,
  Softmax(call) {
    const { node, reader } = call;
    const value = reader.value(call);
    const axis = attributesOf(node).int('axis', -1);
    if (value.shape.length !== 1 || (axis !== -1 && axis !== 1)) {
      reader.unsupported(node, 'it is not over the classes');
    }
    reader.notes.add('The Softmax is left out: the network answers with logits.');
    return plain(value);
  },
  Pad(call) {
    const { node, inputs, reader } = call;
    const pads =
      inputs[1]?.kind === 'constant'
        ? Array.from(inputs[1].data)
        : attributesOf(node).ints('pads', [1]);
    if (pads.some((pad) => pad !== 0)) reader.unsupported(node, 'it pads outside of a convolution');
    return same(call);
  },
  QuantizeLinear(call) {
    call.reader.notes.add('Values were quantised to eight bits; the network is read in float32.');
    return same(call);
  },
  DequantizeLinear: readDequantize,
};

/** Reads one node. @throws RefoldError `RF-ONNX-UNSUPPORTED` for what the vocabulary cannot say */
export function readOp(call: ReadCall): Known {
  const { node, reader } = call;
  const read = Object.hasOwn(READERS, node.opType) ? READERS[node.opType] : undefined;
  if (!read || node.domain !== '') {
    const domain = node.domain === '' ? '' : ` of '${node.domain}'`;
    return reader.unsupported(node, `Refold has no op for it${domain}`);
  }
  return read(call);
}

/** `Clip` to [0, 6], or to [0, ∞); in opsets before 11 the limits are attributes. */
function readClip(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const { float } = attributesOf(node);
  const limit = (position: number, key: string, otherwise: number): number => {
    const known = inputs[position];
    if (known === undefined) return float(key, otherwise);
    return reader.constant(call, position, 'limit').data[0] ?? NaN;
  };
  const [low, high] = [limit(1, 'min', -Infinity), limit(2, 'max', Infinity)];
  const [x] = inputs;
  if (low === 0 && high === 6) {
    const pending = x?.kind === 'affine' && x.core === 'x' && !isIdentity(x);
    if (pending) return { ...plain(x.base), core: 'hard', argument: mapped(x, 1, -3) };
    return plain(reader.add('relu6', reader.names.name(node), [reader.value(call)], {}));
  }
  if (low === 0 && high > 3e38) return one('relu')(call);
  return reader.unsupported(node, `it clips to [${low}, ${high}]`);
}

/** `Erf` of x / √2, the middle of a GELU. */
function readErf({ node, inputs: [x], reader }: ReadCall): Known {
  if (x?.kind !== 'affine' || x.core !== 'x')
    return reader.unsupported(node, 'its input is no image');
  return { ...plain(x.base), core: 'erf', argument: mapped(x, Math.SQRT2) } satisfies Affine;
}

/** `Transpose` of a constant matrix. */
function readTranspose(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const [known] = inputs;
  if (known?.kind !== 'constant') return reader.unsupported(node, 'it moves axes of a value');
  const [rows = 0, columns = 0] = known.shape;
  const perm = attributesOf(node).ints('perm', [1, 0]);
  if (known.shape.length !== 2) return reader.unsupported(node, 'a constant is no matrix');
  if (perm.join() === '0,1') return known;
  const data = Array.from({ length: rows * columns }, (_, i) => {
    return known.data[(i % rows) * columns + Math.floor(i / rows)]!;
  });
  return { ...known, shape: [columns, rows], data } satisfies Constant;
}

/** `DequantizeLinear`: of a constant the numbers that it stands for, of a value the value. */
function readDequantize(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const [stored] = inputs;
  if (stored?.kind !== 'constant') return same(call);
  const scales = reader.constant(call, 1, 'scale').data;
  const zeros = inputs[2] === undefined ? [0] : reader.constant(call, 2, 'zero point').data;
  const given = attributesOf(node).int('axis', 1);
  const axis = given < 0 ? given + stored.shape.length : given;
  const after = stored.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const size = stored.shape[axis] ?? 1;
  const channel = (i: number): number => Math.floor(i / after) % size;
  if (scales.length !== 1 && scales.length !== size) {
    return reader.unsupported(node, 'its scales are neither one nor one per channel');
  }
  const at = (list: ArrayLike<number>, i: number) => list[list.length === 1 ? 0 : channel(i)]!;
  const data = Float32Array.from(
    { length: stored.data.length },
    (_, i) => (stored.data[i]! - at(zeros, i)) * at(scales, i),
  );
  return { kind: 'constant', shape: stored.shape, data, float: true };
}
