import { describe, expect, it } from '@jest/globals';
import type { Model, ModelContext } from '@refold/core';
import { describeModel } from './describe-model.js';
import { tinyGraph, tinyModel } from './fakes/tiny-graph.js';
import { failuresOf } from './spec-kit/failures-of.js';

describeModel('tiny', () => tinyModel);
describeModel(
  'tiny with foreign names',
  () => ({
    ...tinyModel,
    weightNames: { torch: (foreign) => foreign.match(/^module\.(.+)/)?.[1] },
  }),
  { foreignNames: { torch: ['module.head.fc.weight', 'module.block.conv_kxk.bn.running_mean'] } },
);

let calls = 0;
const building = (build: (context: ModelContext) => ReturnType<Model['build']>): Model => ({
  name: 'broken',
  build,
});

const faults: readonly (readonly [string, Model, string])[] = [
  [
    'a graph that changes from call to call',
    building((context) => tinyGraph({ ...context, width: 4 + (calls++ % 2) })),
    'is pure: the same context gives the same graph',
  ],
  [
    'a fixed number of classes',
    building((context) => tinyGraph({ ...context, numClasses: 10 })),
    'Shape of the output\nExpected [2]\nReceived [10]',
  ],
  [
    'normalisation that is ignored',
    building(({ numClasses, sample }) => tinyGraph({ numClasses, sample })),
    'dtype of the input with normalization\nExpected uint8\nReceived float32',
  ],
  [
    'weight names that lead nowhere',
    { ...tinyModel, weightNames: { torch: (foreign) => `nowhere.${foreign}` } },
    'torch: a name it does not know',
  ],
  [
    'values for weights without names',
    { ...tinyModel, weightValues: { torch: (_, tensor) => tensor } },
    'Schemes of weightValues that weightNames lacks',
  ],
];

describe('describeModel', () => {
  it.each(faults)('catches %s', async (_fault, model, symptom) => {
    const failures = await failuresOf((framework) =>
      describeModel('broken', () => model, { framework }),
    );
    expect(failures.join('\n')).toContain(symptom);
  });
});
