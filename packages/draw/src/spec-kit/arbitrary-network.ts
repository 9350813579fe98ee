import { GraphBuilder, type Value } from '@refold/graph';
import fc from 'fast-check';
import type { DrawnNetwork, DrawnRegion } from '../drawn-network.js';

/** Both forms under construction. */
interface Forms {
  readonly train: GraphBuilder;
  readonly fused: GraphBuilder;
  readonly regions: DrawnRegion[];
}
/** A value in both forms. */
type Both = readonly [train: Value, fused: Value];

const OPTIONS = { kernel: 3, padding: 1 } as const;

/** `branches` convolutions, of which `equal` are the same, an identity, and what they become. */
function block(forms: Forms, name: string, [x, y]: Both, branches: number, equal: number): Both {
  const { train, fused, regions } = forms;
  const outChannels = x.shape[0]!;
  const nodes: string[] = [];
  const terms = Array.from({ length: branches }, (_, i) => {
    const size = i < equal ? OPTIONS : { kernel: 1 + 2 * i, padding: i };
    const conv = train.conv2d(`${name}.${i}.conv`, x, { outChannels, ...size });
    const bn = train.batchNorm(`${name}.${i}.bn`, conv);
    nodes.push(conv.name, bn.name);
    return bn;
  });
  const identity = train.batchNorm(`${name}.identity`, x);
  const sum = train.add(`${name}.sum`, [...terms, identity]);
  regions.push({ name: `${name}.fused`, nodes: [...nodes, identity.name, sum.name] });
  return [sum, fused.conv2d(`${name}.fused`, y, { outChannels, ...OPTIONS, bias: true })];
}

/** The same nodes in both forms. */
function both(
  [x, y]: Both,
  { train, fused }: Forms,
  add: (b: GraphBuilder, v: Value) => Value,
): Both {
  return [add(train, x), add(fused, y)];
}

function gate(b: GraphBuilder, name: string, x: Value): Value {
  const pooled = b.globalAvgPool(`${name}.pool`, x);
  const small = b.conv2d(`${name}.fc1`, pooled, { outChannels: 1, kernel: 1 });
  const wide = b.conv2d(`${name}.fc2`, small, { outChannels: x.shape[0]!, kernel: 1 });
  return b.mul(`${name}.mul`, x, b.activation('sigmoid', `${name}.gate`, wide));
}

/** Skips over nothing, and over a block with its own nodes on both sides. */
function residual(b: GraphBuilder, name: string, x: Value): Value {
  const deep = b.maxPool(`${name}.a`, b.activation('silu', `${name}.b`, x), {
    ...OPTIONS,
    stride: 1,
  });
  return b.add(`${name}.sum`, [b.activation('relu', `${name}.long`, x), x, deep]);
}

/** Networks in both forms: blocks that fuse, activations, gates and residuals, in any order and number. */
export const arbitraryNetwork: fc.Arbitrary<DrawnNetwork> = fc
  .record({
    steps: fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 }), fc.nat(4)), {
      maxLength: 14,
    }),
    prefix: fc.string({ unit: 'binary', maxLength: 12 }),
    title: fc.string({ unit: 'binary', maxLength: 30 }),
    size: fc.integer({ min: 1, max: 900 }),
  })
  .map(({ steps, prefix, title, size }) => {
    const input = { shape: [size, 8, 8], dtype: 'float32' } as const;
    const forms: Forms = {
      train: new GraphBuilder(input),
      fused: new GraphBuilder(input),
      regions: [],
    };
    let x: Both = [forms.train.input, forms.fused.input];
    for (const [i, [kind, n, m]] of steps.entries()) {
      const name = `${prefix}.${i}`;
      if (kind === 0) x = block(forms, name, x, n, m);
      else if (kind === 1) x = both(x, forms, (b, v) => b.activation('relu', `${name}.act`, v));
      else if (kind === 2) x = both(x, forms, (b, v) => gate(b, name, v));
      else x = both(x, forms, (b, v) => residual(b, name, v));
    }
    const { train, fused, regions } = forms;
    return { title, train: train.build(x[0]), fused: fused.build(x[1]), regions };
  });
