import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  Callback,
  Dataset,
  Device,
  LearningRatePolicy,
  loadPlugins,
  Model,
  Optimizer,
  type ExtensionPoint,
  type RunResult,
} from '@refold/core';
import {
  createProvided,
  describeCallback,
  describeDataset,
  describeDevice,
  describeLearningRatePolicy,
  describeModel,
  describeOptimizer,
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
/** What the example creates, as the pipeline would with default options. */
function instance<T>(name: string, point: ExtensionPoint<T>): () => Promise<T> {
  const plugin = plugins.find((one) => one.name === `refold-plugin-${name}`)!;
  return () => createProvided(plugin, point);
}

describeModel('acnet', instance('model-acnet', Model));
describeDataset('shapes', instance('data-shapes', Dataset), { batchSize: 16 });
describeOptimizer('lion', instance('optimizer-lion', Optimizer));
describeLearningRatePolicy('restarts', instance('rate-restarts', LearningRatePolicy));
describeCallback('csv', instance('callback-csv', Callback));
describeDevice('plain-cpu', instance('device-plain-cpu', Device));

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
