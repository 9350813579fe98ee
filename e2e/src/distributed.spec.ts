import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { Evaluation } from '@refold/core';
import { probeOnednn } from '@refold/plugin-device-onednn';
import { probeLibtensorflow } from '@refold/plugin-device-tfjs';
import { describeWithMpi } from './spec-kit/mpi.js';
import { lossesOf, readEvents } from './spec-kit/read-events.js';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const config = writeTinyConfig(folder, (text) =>
  text
    .replace('device-tfjs,', 'device-tfjs, device-onednn,')
    .replace('everySteps: 1', 'everySteps: 2'),
);

interface Run {
  readonly ranks: number;
  readonly device: string;
  readonly name: string;
  readonly more?: readonly string[];
}

const GLOBAL_BATCH = 16;
const logOf = (name: string) => path.join(folder, `${name}.jsonl`);
const outputOf = (name: string) => path.join(folder, name);

/** Trains with an equal global batch on any number of ranks; on one without a launcher, but on tfjs-node (docs/distributed.md). */
function trainArgs({ ranks, device, name, more = [] }: Run): string[] {
  const train = ['train', '-c', config, '--device', device, '--output-dir', outputOf(name)];
  train.push(
    '--events',
    logOf(name),
    '--batch-size',
    String(GLOBAL_BATCH / ranks),
    '--json',
    ...more,
  );
  if (ranks === 1 && device !== 'tfjs-node') return train;
  return ['launch', '-n', String(ranks), '--', ...train, '--device.syncBatchNorm', 'true'];
}

function numbersOf(name: string): readonly { loss: number; correct: number; images: number }[] {
  return readEvents(logOf(name)).flatMap((event) =>
    event.type === 'step-completed'
      ? [{ loss: event.loss, correct: event.correct, images: event.images }]
      : [],
  );
}

const tensorflow = probeLibtensorflow();
const devices = [
  ...(probeOnednn().usable ? ['onednn'] : []),
  'wasm',
  ...(tensorflow.usable ? ['tfjs-node'] : []),
];
if (!tensorflow.usable) {
  it.skip(`ranks on tfjs-node: ${tensorflow.reason ?? 'no libtensorflow'}`, () => undefined);
}

describeWithMpi('training on several ranks', () => {
  it.each(devices)('is the training of one on %s', async (device) => {
    expect((await runCli(trainArgs({ ranks: 1, device, name: `${device}-1` }))).code).toBe(0);
    const expected = numbersOf(`${device}-1`);
    expect(expected).toHaveLength(20);
    for (const ranks of [2, 4]) {
      const name = `${device}-${ranks}`;
      const { code, stdout, stderr } = await runCli(trainArgs({ ranks, device, name }));
      expect({ code, stderr }).toMatchObject({ code: 0 });
      // One document, whatever the number of ranks.
      expect(JSON.parse(stdout)).toMatchObject({ steps: 20, interrupted: false });
      const own = numbersOf(name);
      expect(own).toHaveLength(20);
      own.forEach(({ loss, correct, images }, step) => {
        expect(Math.abs(loss / expected[step]!.loss - 1)).toBeLessThan(1e-5);
        expect({ correct, images }).toEqual({ correct: expected[step]!.correct, images: 16 });
      });
    }
  });

  it('goes on with another number of ranks', async () => {
    const [device] = devices;
    const base = { device: device!, name: 'moved' };
    const first = trainArgs({ ...base, ranks: 2, more: ['--max-steps', '8'] });
    expect((await runCli(first)).code).toBe(0);
    for (const ranks of [1, 4]) {
      const rest = trainArgs({
        ...base,
        ...{
          ranks,
          more: ['--resume', 'auto', '--max-steps', String(8 + 6 * (ranks === 1 ? 1 : 2))],
        },
      });
      const { code, stderr } = await runCli(rest);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const expected = lossesOf(readEvents(logOf(`${device}-1`)));
      const own = lossesOf(readEvents(logOf('moved')));
      expect(own.size).toBe(6);
      for (const [step, text] of own) {
        const [loss, reference] = [text, expected.get(step)!].map((one) =>
          Number(one.split(' ')[0]),
        );
        expect(Math.abs(loss! / reference! - 1)).toBeLessThan(1e-5);
      }
    }
  });
});

describeWithMpi('validation on several ranks', () => {
  it('counts each image once', async () => {
    const name = 'wasm-1';
    const file = path.join(outputOf(name), 'checkpoints', 'epoch-0002-step-000020.safetensors');
    // No number of ranks below divides it.
    const size = ['--data.validationSize', '1009', '--device', 'wasm', '--json'];
    const args = ['validate', file, ...size];
    const resultOf = (stdout: string) => {
      const {
        imagesPerSecond: _speed,
        device: _name,
        ...result
      } = JSON.parse(stdout) as Evaluation & {
        device: string;
      };
      return result;
    };
    const expected = resultOf((await runCli(args)).stdout);
    expect(expected).toMatchObject({ images: 1009 });
    for (const ranks of [2, 3, 8]) {
      const { stdout, stderr } = await runCli(['launch', '-n', String(ranks), '--', ...args]);
      expect({ stderr, stdout }).toMatchObject({ stdout: expect.stringContaining('{') });
      const { loss, ...rest } = resultOf(stdout);
      const { loss: expectedLoss, ...counts } = expected;
      expect(rest).toMatchObject(counts);
      expect(Math.abs(loss / expectedLoss - 1)).toBeLessThan(1e-6);
    }
  });
});
