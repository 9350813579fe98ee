import fc from 'fast-check';
import { GraphBuilder, type Graph, type Value } from '@refold/graph';

/** A branch, as data that fast-check can shrink. Every branch of a block has the block's stride and channels. */
type Branch =
  | {
      readonly kind: 'conv';
      kh: number;
      kw: number;
      dilation: number;
      grouped: boolean;
      bias: boolean;
      norm: boolean;
    }
  | { readonly kind: 'identity'; norm: boolean; scale: boolean }
  | { readonly kind: 'pool'; kernel: number; countIncludePad: boolean; after1x1: boolean }
  | { readonly kind: 'wideThenPoint'; k: number; grouped: boolean }
  | { readonly kind: 'pointThenWide'; k: number; padFirst: boolean; norm: boolean; bias: boolean }
  | { readonly kind: 'wideThenWide'; k: number; l: number; dilation: number }
  | { readonly kind: 'normThenConv'; k: number; padded: boolean }
  | { readonly kind: 'even' }
  | { readonly kind: 'depthwise'; k: number; thenPoint: boolean }
  | { readonly kind: 'halves'; k: number; l: number }
  | { readonly kind: 'nested'; a: Branch; b: Branch; minus: boolean }
  | { readonly kind: 'dropped'; inner: Branch };

interface Block {
  readonly branches: readonly Branch[];
  readonly stride: 1 | 2;
  readonly widen: boolean;
  readonly after: 'none' | 'norm' | 'scale' | 'drop';
  readonly activation: boolean;
}
export interface BlockNetwork {
  readonly channels: 2 | 4;
  readonly height: number;
  readonly width: number;
  readonly blocks: readonly Block[];
}

const odd = fc.constantFrom(1, 3, 5, 7);
const bool = fc.boolean();
const leaf: fc.Arbitrary<Branch> = fc.oneof(
  fc.record({
    kind: fc.constant('conv' as const),
    kh: odd,
    kw: odd,
    dilation: fc.constantFrom(1, 1, 2, 3),
    grouped: bool,
    bias: bool,
    norm: bool,
  }),
  fc.record({ kind: fc.constant('identity' as const), norm: bool, scale: bool }),
  fc.record({
    kind: fc.constant('pool' as const),
    kernel: fc.constantFrom(1, 3, 5),
    countIncludePad: bool,
    after1x1: bool,
  }),
  fc.record({ kind: fc.constant('wideThenPoint' as const), k: odd, grouped: bool }),
  fc.record({
    kind: fc.constant('pointThenWide' as const),
    k: odd,
    padFirst: bool,
    norm: bool,
    bias: bool,
  }),
  fc.record({
    kind: fc.constant('wideThenWide' as const),
    k: odd,
    l: odd,
    dilation: fc.constantFrom(1, 2),
  }),
  fc.record({ kind: fc.constant('normThenConv' as const), k: odd, padded: bool }),
  fc.record({ kind: fc.constant('even' as const) }),
  fc.record({ kind: fc.constant('depthwise' as const), k: odd, thenPoint: bool }),
  fc.record({ kind: fc.constant('halves' as const), k: odd, l: odd }),
);
const branch: fc.Arbitrary<Branch> = fc.oneof(
  { weight: 6, arbitrary: leaf },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('nested' as const), a: leaf, b: leaf, minus: bool }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dropped' as const), inner: leaf }) },
);

/** Networks of one to three blocks of random branches, on images of odd and even extents. */
export const blockNetworks: fc.Arbitrary<BlockNetwork> = fc.record({
  channels: fc.constantFrom(2, 4),
  height: fc.integer({ min: 7, max: 12 }),
  width: fc.integer({ min: 7, max: 12 }),
  blocks: fc.array(
    fc.record({
      branches: fc.array(branch, { minLength: 1, maxLength: 4 }),
      stride: fc.constantFrom(1, 1, 2),
      widen: bool,
      after: fc.constantFrom('none', 'none', 'norm', 'scale', 'drop'),
      activation: fc.constantFrom(true, true, false),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** The graph of a description. A branch that its block does not allow becomes a plain 3×3. */
export function buildNetwork({ channels, height, width, blocks }: BlockNetwork): Graph {
  const b = new GraphBuilder({ shape: [channels, height, width], dtype: 'float32' });
  let x: Value = b.input;
  for (const [i, block] of blocks.entries()) {
    const out = block.widen ? x.shape[0]! * 2 : x.shape[0]!;
    const name = `blocks.${i}`;
    const values = block.branches.map((each, j) =>
      new BranchBuilder(b, `${name}.branch.${j}`, x, out, block.stride).build(each),
    );
    x = values.length > 1 ? b.add(`${name}.sum`, values) : values[0]!;
    if (block.after === 'norm') x = b.batchNorm(`${name}.norm`, x);
    if (block.after === 'scale') x = b.node('scale', `${name}.scale`, [x], { init: 1 });
    if (block.after === 'drop') x = b.node('drop_path', `${name}.drop`, [x], { rate: 0.1 });
    if (block.activation) x = b.activation('relu', `${name}.act`, x);
  }
  return b.build(x);
}

class BranchBuilder {
  constructor(
    private readonly b: GraphBuilder,
    private readonly path: string,
    private readonly x: Value,
    private readonly out: number,
    private readonly stride: 1 | 2,
  ) {}

  build(branch: Branch): Value {
    const { b, path, x, out, stride } = this;
    const inside = x.shape[0]!;
    switch (branch.kind) {
      case 'conv':
        return this.conv('conv', x, branch.kh, branch.kw, branch);
      case 'identity': {
        if (stride !== 1 || inside !== out) return this.plain();
        let y = branch.norm ? b.batchNorm(`${path}.bn`, x) : x;
        if (branch.scale) y = b.node('scale', `${path}.scale`, [y], { init: 1 });
        return y;
      }
      case 'pool': {
        if (!branch.after1x1 && inside !== out) return this.plain();
        const padding = (branch.kernel - 1) / 2;
        const { kernel, countIncludePad } = branch;
        const y = branch.after1x1
          ? b.conv2d(`${path}.point`, x, { outChannels: out, kernel: 1 })
          : x;
        return b.avgPool(`${path}.pool`, y, { kernel, stride, padding, countIncludePad });
      }
      case 'wideThenPoint': {
        const y = this.conv('wide', x, branch.k, branch.k, { norm: true, grouped: branch.grouped });
        return b.conv2d(`${path}.point`, y, { outChannels: out, kernel: 1, bias: true });
      }
      case 'pointThenWide': {
        const pad = (branch.k - 1) / 2;
        const point = {
          outChannels: 3,
          kernel: 1,
          padding: branch.padFirst ? pad : 0,
          bias: branch.bias,
        };
        let y = b.conv2d(`${path}.point`, x, point);
        if (branch.norm) y = b.batchNorm(`${path}.bn`, y);
        const padding = branch.padFirst ? 0 : pad;
        return b.conv2d(`${path}.wide`, y, { outChannels: out, kernel: branch.k, stride, padding });
      }
      case 'wideThenWide': {
        const { k, l, dilation } = branch;
        const padding = (dilation * (k - 1) + (l - 1)) / 2;
        const first = { outChannels: 3, kernel: k, padding, dilation, bias: true };
        const y = b.batchNorm(`${path}.bn`, b.conv2d(`${path}.first`, x, first));
        return b.conv2d(`${path}.second`, y, { outChannels: out, kernel: l, stride });
      }
      case 'normThenConv': {
        const kernel = branch.padded ? branch.k : 1;
        const y = b.batchNorm(`${path}.bn`, x);
        return b.conv2d(`${path}.conv`, y, {
          outChannels: out,
          kernel,
          stride,
          padding: (kernel - 1) / 2,
        });
      }
      case 'even': {
        const fits = stride === 2 && x.shape[1]! % 2 === 0 && x.shape[2]! % 2 === 0;
        return fits
          ? b.conv2d(`${path}.even`, x, { outChannels: out, kernel: 2, stride })
          : this.plain();
      }
      case 'depthwise': {
        const { k, thenPoint } = branch;
        const conv = {
          outChannels: inside,
          kernel: k,
          stride,
          padding: (k - 1) / 2,
          groups: inside,
        };
        const y = b.batchNorm(`${path}.dw.bn`, b.conv2d(`${path}.dw.conv`, x, conv));
        if (!thenPoint && inside === out) return y;
        return b.batchNorm(
          `${path}.pw.bn`,
          b.conv2d(`${path}.pw.conv`, y, { outChannels: out, kernel: 1 }),
        );
      }
      case 'halves': {
        const half = (name: string, k: number): Value =>
          b.conv2d(`${path}.${name}`, x, {
            outChannels: out / 2,
            kernel: k,
            stride,
            padding: (k - 1) / 2,
          });
        return b.node(
          'concat',
          `${path}.concat`,
          [half('left', branch.k), half('right', branch.l)],
          {},
        );
      }
      case 'nested': {
        const part = (name: string, inner: Branch): Value =>
          new BranchBuilder(b, `${path}.${name}`, x, out, stride).build(inner);
        const [one, other] = [part('a', branch.a), part('b', branch.b)];
        const joined = branch.minus
          ? b.weightedSum(`${path}.difference`, [
              [1.5, one],
              [-1, other],
            ])
          : b.add(`${path}.sum`, [one, other]);
        return b.batchNorm(`${path}.bn`, joined);
      }
      case 'dropped': {
        const inner = new BranchBuilder(b, `${path}.inner`, x, out, stride).build(branch.inner);
        return b.node('drop_path', `${path}.drop`, [inner], { rate: 0.2 });
      }
    }
  }

  private plain(): Value {
    return this.conv('plain', this.x, 3, 3, { norm: true });
  }

  private conv(
    name: string,
    x: Value,
    kh: number,
    kw: number,
    { dilation = 1, grouped = false, bias = false, norm = false },
  ): Value {
    const { b, path, out, stride } = this;
    const y = b.conv2d(`${path}.${name}`, x, {
      outChannels: out,
      kernel: [kh, kw],
      stride,
      dilation,
      padding: [(dilation * (kh - 1)) / 2, (dilation * (kw - 1)) / 2],
      groups: grouped ? 2 : 1,
      bias,
    });
    return norm ? b.batchNorm(`${path}.${name}_bn`, y) : y;
  }
}
