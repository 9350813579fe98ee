import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  collectProviders,
  loadPlugins,
  optionsForSchema,
  type Callback,
  type Dataset,
  type DeclaredProvider,
  type Device,
  type LearningRatePolicy,
  type Model,
  type Optimizer,
  type RunResult,
} from '@refold/core';
import {
  describeCallback,
  describeDataset,
  describeDevice,
  describeLearningRatePolicy,
  describeModel,
  describeOptimizer,
  fakeHost,
} from '@refold/testing';
import { root, runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const names = [
  'model-acnet',
  'data-shapes',
  'optimizer-lion',
  'rate-restarts',
  'callback-csv',
  'device-plain-cpu',
];
const plugins = await loadPlugins(names, { from: [root] });
const declared = collectProviders(plugins, optionsForSchema);

/** What the example creates, as the pipeline would with default options. */
function instance<T>(name: string): () => Promise<T> {
  const { provider } = declared.find(({ plugin }) => plugin === `refold-plugin-${name}`)!;
  const use = provider.use?.[0];
  return async () =>
    (await provider.create({
      use,
      options: optionsOf({ provider }),
      host: fakeHost(),
    } as never)) as T;
}

function optionsOf({ provider }: Pick<DeclaredProvider, 'provider'>): unknown {
  return provider.options?.parse({});
}

describeModel('acnet', instance<Model>('model-acnet'));
describeDataset('shapes', instance<Dataset>('data-shapes'), { batchSize: 16 });
describeOptimizer('lion', instance<Optimizer>('optimizer-lion'));
describeLearningRatePolicy('restarts', instance<LearningRatePolicy>('rate-restarts'));
describeCallback('csv', instance<Callback>('callback-csv'));
describeDevice('plain-cpu', instance<Device>('device-plain-cpu'));

describe('a run of third-party plugins', () => {
  const folder = temporaryFolder();
  const output = path.join(folder, 'out');
  let result: RunResult;

  beforeAll(async () => {
    const config = path.join(folder, 'config.yaml');
    writeFileSync(
      config,
      `plugins: [${[...names, 'device-tfjs', 'checkpoint-fusion'].join(', ')}]
model: { use: acnet, width: 8 }
data: { use: shapes, size: 240, batchSize: 16 }
optimizer: { use: lion }
rate: { base: 0.003 }
restarts: { periodEpochs: 3 }
device: { use: wasm }
epochs: 3
seed: 1
`,
    );
    const run = await runCli(['train', '-c', config, '--output-dir', output, '--json']);
    expect(run).toMatchObject({ code: 0 });
    result = JSON.parse(run.stdout) as RunResult;
  });

  it('learns to tell discs from squares better than by chance', () => {
    expect(result.finalTop1).toBeGreaterThan(65);
  });

  it('writes a line of CSV per step', () => {
    const [head, ...lines] = readFileSync(path.join(output, 'losses.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(head).toBe('step,loss,rate');
    expect(lines).toHaveLength(result.steps);
  });

  it('fuses a network nobody wrote fusion code for', () => {
    const report = JSON.parse(readFileSync(path.join(output, 'acnet-fused.json'), 'utf8')) as {
      regions: { ops: string[] }[];
    };
    expect(report.regions.length).toBeGreaterThan(0);
    for (const { ops } of report.regions) expect(ops).toContain('add');
  });
});
