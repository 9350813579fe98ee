import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelledBatch, ModelContext, TrainingUse } from '@refold/core';
import { readSafetensors, toNamedTensors } from '@refold/formats';
import {
  expr,
  tensorsOf,
  withLoss,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type UpdateRule,
} from '@refold/graph';
import { mobileoneGraph } from '@refold/plugin-model-mobileone';
import { repvggGraph } from '@refold/plugin-model-repvgg';
import { sharedFolder } from '@refold/testing';

/** PyTorch's and timm's numbers; `shared/parity/README.md` says what each tensor is. */
export interface Fixture {
  /** With loss. */
  readonly graph: Graph;
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly labels: readonly Int32Array[];
  readonly losses: readonly number[];
}

const context: ModelContext = { numClasses: 10, sample: { channels: 3, height: 64, width: 64 } };
const common = { depths: [1, 2, 2, 1], stem: 16, squeezeExcite: false, dropRate: 0 };
const repvgg = (groups: number) =>
  repvggGraph(
    { ...common, widths: [16, 32, 64, 128], groups, groupEvery: 2, batchNormInit: 'one' },
    context,
  );

/** Networks that fixtures exist for, by name. */
export const parityNetworks: readonly (readonly [name: string, graph: () => Graph])[] = [
  ['repvgg-tiny', () => repvgg(1)],
  ['repvgg-tiny-g2', () => repvgg(2)],
  [
    'mobileone-tiny',
    () =>
      mobileoneGraph(
        { ...common, widths: [16, 32, 64, 64], branches: 4, squeezeExcite: [0, 0, 0, 0] },
        context,
      ),
  ],
];

const { add, gradient, mul, parameter, rate, slot, sub } = expr;

/** SGD as in the fixtures: momentum 0.9, weight decay 1e-4 on everything. Its rate there is 0.05. */
const sgd: UpdateRule = {
  name: 'sgd',
  slots: [{ name: 'velocity', init: 0 }],
  hyper: { decay: { value: 1e-4 } },
  assignments: [
    {
      target: { slot: 'velocity' },
      value: add(mul(0.9, slot('velocity')), add(gradient, mul(expr.hyper('decay'), parameter))),
    },
    { target: { parameter: true }, value: sub(parameter, mul(rate, slot('velocity'))) },
  ],
};

export async function readFixture(name: string, graph: Graph): Promise<Fixture> {
  const path = join(sharedFolder() ?? '', 'parity', `${name}.safetensors`);
  const { tensors } = await readSafetensors(path);
  const isLabel = ([key]: readonly [string, unknown]) => key.startsWith('labels.');
  const json = JSON.parse(await readFile(path.replace(/safetensors$/, 'json'), 'utf8')) as {
    train_losses: number[];
  };
  return {
    graph: withLoss(graph, { labelSmoothing: 0.1, targets: 'index' }),
    tensors: toNamedTensors(path, new Map([...tensors].filter((entry) => !isLabel(entry)))),
    labels: json.train_losses.map((_, step) => {
      const bytes = tensors.get(`labels.${step}`)!.data.slice();
      return new Int32Array(bytes.buffer);
    }),
    losses: json.train_losses,
  };
}

/** Training from the fixture's first weights, as PyTorch trained. */
export function fixtureUse(fixture: Fixture, precision: TrainingUse['precision']): TrainingUse {
  const weights = fixtureWeights(fixture, 'init');
  return { kind: 'training', batchSize: 8, precision, updateRule: sgd, weights, seed: 1 };
}

/** Tensors of the fixture's graph, which the fixture has under `prefix.` and their (renamed) names. */
export function fixtureWeights(
  { graph, tensors }: Fixture,
  prefix: string,
  rename = (name: string) => name,
): NamedTensors {
  return new Map(
    tensorsOf(graph).map(({ name }) => [name, tensors.get(`${prefix}.${rename(name)}`)!]),
  );
}

export function fixtureBatch({ tensors, labels }: Fixture, step: number): LabelledBatch {
  return {
    images: 8,
    channels: 3,
    height: 64,
    width: 64,
    layout: 'NCHW' as const,
    data: tensors.get(`input.${step}`)!.data,
    labels: labels[step]!,
    samples: new Int32Array(8),
  };
}
