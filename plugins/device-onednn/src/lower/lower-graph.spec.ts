import { describe, expect, it } from '@jest/globals';
import {
  expr,
  GraphBuilder,
  withLoss,
  type Graph,
  type UpdateRule,
  type Value,
} from '@refold/graph';
import type { NativeStep } from '../native/native-program.js';
import { momentumRule } from '../spec-kit/tiny-training.js';
import { lowerGraph } from './lower-graph.js';

type Body = (b: GraphBuilder, x: Value) => Value;

/** A network of [4, 6, 6] images with a linear head around what `body` puts in. */
function network(body: Body, { bytes = false } = {}): Graph {
  const b = new GraphBuilder({ shape: [4, 6, 6], dtype: bytes ? 'uint8' : 'float32' });
  const y = body(b, b.input);
  return b.build(b.linear('head', b.flatten('flat', y), { outFeatures: 3 }));
}

/** Lowering looks at no weight. */
const common = { batchSize: 8, precision: 'float32', weights: new Map<string, never>() } as const;

const infer = (graph: Graph) => lowerGraph(graph, { kind: 'inference', ...common });

function train(graph: Graph, updateRule: UpdateRule = momentumRule) {
  const whole = withLoss(graph, { labelSmoothing: 0.1, targets: 'soft' });
  return lowerGraph(whole, { kind: 'training', ...common, updateRule, seed: 3 });
}

/** `branches(3n, 0 | relu)`: op, inputs (`n` after normed ones), activation. */
function say(step: NativeStep): string {
  if (step.op === 'conv2d') return `conv2d(${step.inputs.join()}) ${step.activation}`;
  if (step.op !== 'branches') return `${step.op}(${step.inputs.join()})`;
  const inputs = step.inputs.map((input, i) => `${input}${step.norms[i] ? 'n' : ''}`);
  return `branches(${inputs.join()}) ${step.activation}`;
}
const steps = ({ program }: ReturnType<typeof infer>) =>
  program.steps.map(say).filter((text) => !/^(linear|flatten)/.test(text));

const conv = (b: GraphBuilder, name: string, x: Value) =>
  b.conv2d(name, x, { outChannels: 4, kernel: 3, padding: 1 });
const repvgg: Body = (b, x) => {
  const branches = ['a', 'b'].map((name) =>
    b.batchNorm(`block.0.${name}.bn`, conv(b, `block.0.${name}.conv`, x)),
  );
  const sum = b.add('block.0.sum', [...branches, b.batchNorm('block.0.identity', x)]);
  return b.activation('relu', 'block.0.act', sum);
};

describe('merging', () => {
  it('makes one step of the norms, the sum and the activation of a block', () => {
    const expected = ['conv2d(0) none', 'conv2d(0) none', 'branches(1n,2n,0n) relu'];
    expect(steps(train(network(repvgg)))).toEqual(expected);
    expect(steps(infer(network(repvgg)))).toEqual(expected);
  });

  it('takes sums within sums, and values that are no norms as they are', () => {
    const body: Body = (b, x) => {
      const inner = b.add('inner', [b.batchNorm('bn', x), conv(b, 'c', x)]);
      return b.add('outer', [x, inner, x]);
    };
    expect(steps(train(network(body)))).toEqual(['conv2d(0) none', 'branches(0,0n,1,0) none']);
  });

  it.each<[string, Body, readonly string[]]>([
    ['batch_norm', (b, x) => b.batchNorm('y', x), ['branches(0n) none']],
    ['add', (b, x) => b.add('y', [x, x]), ['branches(0,0) none']],
    ['activation', (b, x) => b.activation('gelu', 'y', x), ['branches(0) gelu']],
  ])('makes a step of a lone %s', (_op, body, expected) => {
    expect(steps(train(network(body)))).toEqual(expected);
  });

  it('keeps what somebody else reads', () => {
    const body: Body = (b, x) => {
      const norm = b.batchNorm('bn', x);
      const sum = b.add('sum', [norm, x]);
      return b.mul('mul', b.activation('relu', 'act', sum), b.add('again', [norm, sum]));
    };
    expect(steps(train(network(body)))).toEqual([
      'branches(0n) none',
      'branches(1,0) none',
      'branches(2) relu',
      'branches(1,2) none',
      'mul(3,4)',
    ]);
  });

  it('does not look through two activations', () => {
    const body: Body = (b, x) => b.activation('relu', 'two', b.activation('silu', 'one', x));
    expect(steps(train(network(body)))).toEqual(['branches(0) silu', 'branches(1) relu']);
  });

  it('sums at most 16 at once, however they are written', () => {
    const wide: Body = (b, x) => b.add('wide', Array<Value>(40).fill(x));
    const nested: Body = (b, x) => {
      const part = (i: number) => b.add(`part${i}`, Array<Value>(9).fill(x));
      return b.add('nested', [part(1), part(2), part(3)]);
    };
    for (const body of [wide, nested]) {
      const { program } = infer(network(body));
      for (const { inputs } of program.steps) expect(inputs.length).toBeLessThanOrEqual(16);
      expect(program.steps.length).toBeLessThanOrEqual(5);
    }
  });
});

describe('in inference', () => {
  it('a convolution takes the relu that alone reads it', () => {
    const alone: Body = (b, x) => b.activation('relu', 'act', conv(b, 'c', x));
    expect(steps(infer(network(alone)))).toEqual(['conv2d(0) relu']);
    expect(steps(train(network(alone)))).toEqual(['conv2d(0) none', 'branches(1) relu']);
    const shared: Body = (b, x) => {
      const y = conv(b, 'c', x);
      return b.mul('mul', y, b.activation('relu', 'act', y));
    };
    expect(steps(infer(network(shared)))).toEqual([
      'conv2d(0) none',
      'branches(1) relu',
      'mul(1,2)',
    ]);
  });

  it('drops vanish, and what they parted is merged', () => {
    const body: Body = (b, x) => {
      const path = b.node('drop_path', 'path', [b.batchNorm('bn', x)], { rate: 0.5 });
      return b.node('dropout', 'drop', [b.add('sum', [path, x])], { rate: 0.5 });
    };
    expect(steps(infer(network(body)))).toEqual(['branches(0n,0) none']);
    expect(steps(train(network(body)))).toEqual([
      'branches(0n) none',
      'drop_path(1)',
      'branches(2,0) none',
      'dropout(3)',
    ]);
  });

  it('has neither loss, rule nor buckets, and every tensor', () => {
    const { program } = infer(network(repvgg));
    expect(program).toMatchObject({ training: false, buckets: [], parameterCount: 10 });
    expect(program.tensors).toHaveLength(16);
    expect([program.loss, program.rule]).toEqual([undefined, undefined]);
  });

  it('gives an image away as a vector', () => {
    const b = new GraphBuilder({ shape: [4, 6, 6], dtype: 'float32' });
    const { program } = infer(b.build(b.activation('relu', 'act', b.input)));
    expect(program.steps.map(say)).toEqual(['branches(0) relu', 'flatten(1)']);
    expect(program.values[program.output]).toEqual([144]);
  });
});

describe('the input', () => {
  const attrs = { mean: [0, 0, 0, 0], std: [1, 1, 1, 1] };
  const normalized: Body = (b, x) => b.node('normalize', 'normalize', [x], attrs);

  it('is normalised while it is read, where nothing else reads it', () => {
    const { program } = train(network((b, x) => conv(b, 'c', normalized(b, x)), { bytes: true }));
    expect(program.normalize).toEqual(attrs);
    expect(program.steps.map(say)).toEqual(['conv2d(0) none', 'flatten(1)', 'linear(2)']);
  });

  it('stays as it is where somebody else reads it', () => {
    const body: Body = (b, x) => b.add('sum', [normalized(b, x), x]);
    const lowered = train(network(body, { bytes: true }));
    expect(lowered.program.normalize).toBeUndefined();
    expect(steps(lowered)).toEqual(['normalize(0)', 'branches(1,0) none']);
  });
});

describe('tensors', () => {
  it('of nodes that nobody needs exist, last among the parameters', () => {
    const body: Body = (b, x) => {
      conv(b, 'dead', x);
      return conv(b, 'alive', x);
    };
    const { specs, program } = train(network(body));
    const names = specs.map(({ name }) => name);
    expect(names).toEqual(['head.weight', 'head.bias', 'alive.weight', 'dead.weight']);
    expect(program.parameterCount).toBe(4);
    expect(program.steps).toHaveLength(3);
  });

  it('fill buckets of about 4 MiB, from the end of the network on', () => {
    const b = new GraphBuilder({ shape: [1024], dtype: 'float32' });
    let x = b.input;
    for (let i = 0; i < 3; i++) x = b.linear(`fc${i}`, x, { outFeatures: 1024, bias: false });
    const { program } = train(b.build(b.linear('head', x, { outFeatures: 4 })));
    // The head and fc2 fill the first; then one layer fills one.
    expect(program.buckets).toEqual([0, 3, 4]);
  });
});

describe('regions', () => {
  it('are blocks, by the names that people know them by', () => {
    const b = new GraphBuilder({ shape: [4, 6, 6], dtype: 'float32' });
    const stem = b.batchNorm('stem.conv_kxk.0.bn', conv(b, 'stem.conv_kxk.0.conv', b.input));
    const block = conv(b, 'stages.0.11.conv_kxk.0.conv', stem);
    const act = b.activation('relu', 'stages.0.11.act', block);
    const head = b.flatten('head.flatten', b.globalAvgPool('head.pool', act));
    const { program } = train(b.build(b.linear('fc', head, { outFeatures: 2 })));
    expect(program.regions).toEqual(['stem', 'stages.0.11', 'head', 'fc']);
  });
});

describe('an update rule', () => {
  it('gets numbers for names', () => {
    const { add, gradient, hyper, mul, parameter, rate, slot, sub } = expr;
    const rule: UpdateRule = {
      name: 'test',
      slots: [
        { name: 'a', init: 0 },
        { name: 'b', init: 2 },
      ],
      hyper: { decay: { value: 0.1, perParameter: { 'head.bias': 0 } }, other: { value: 3 } },
      assignments: [
        { target: { slot: 'b' }, value: add(slot('b'), mul(hyper('other'), gradient)) },
        { target: { parameter: true }, value: sub(parameter, mul(rate, hyper('decay'))) },
      ],
    };
    expect(
      train(
        network((_b, x) => x),
        rule,
      ).program.rule,
    ).toEqual({
      slots: [0, 2],
      hyper: [
        [0.1, 0],
        [3, 3],
      ],
      assignments: [
        {
          target: 1,
          value: {
            op: 'add',
            a: { op: 'slot', index: 1 },
            b: { op: 'mul', a: { op: 'hyper', index: 1 }, b: { op: 'gradient' } },
          },
        },
        {
          target: -1,
          value: {
            op: 'sub',
            a: { op: 'parameter' },
            b: { op: 'mul', a: { op: 'rate' }, b: { op: 'hyper', index: 0 } },
          },
        },
      ],
    });
  });
});
