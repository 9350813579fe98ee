import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readWeights, writeModelFile } from '@refold/formats';
import { initialise, type HostTensor } from '@refold/graph';
import { wasmDevice } from '@refold/plugin-device-tfjs';
import { appleWeightName, mobileoneGraph, mobileoneVariants } from '@refold/plugin-model-mobileone';
import { fuse } from '@refold/reparam';
import { sharedFolder } from '@refold/testing';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const shared = sharedFolder();
const data = path.join(shared ?? '', 'data');
const folder = temporaryFolder();
const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const sample = { channels: 3, height: 224, width: 224 };

/** Our fused MobileOne-S0: fusing any weights gives the graph. */
function fusedGraph(context: object) {
  const spec = mobileoneVariants['mobileone_s0']!;
  const graph = mobileoneGraph(spec, { numClasses: 1000, sample, ...context });
  return fuse(graph, initialise(graph, 0)).graph;
}

async function realWeights(): Promise<Map<string, HostTensor>> {
  const file = path.join(data, 'mobileone_s0', 'mobileone_s0_fused.apple_names.safetensors');
  const weights = await readWeights(file);
  return new Map([...weights].map(([name, tensor]) => [appleWeightName(name)!, tensor]));
}

const inShared = shared ? describe : describe.skip;

inShared("Apple's MobileOne-S0 (skipped where shared/ is missing)", () => {
  let weights: Map<string, HostTensor>;
  beforeAll(async () => {
    weights = await realWeights();
  });

  it("gives the author's logits for the fixed tensor within 1e-4", async () => {
    const bytes = readFileSync(path.join(data, 'mobileone_s0', 'apple_input_f32_1x3x224x224.bin'));
    const input = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4).slice();
    const text = readFileSync(path.join(data, 'mobileone_s0', 'apple_logits_1000.txt'), 'utf8');
    const expected = text.trim().split(/\s+/).map(Number);
    const device = wasmDevice();
    const session = await device.load(fusedGraph({}), {
      kind: 'inference',
      batchSize: 1,
      precision: 'float32',
      weights,
    });
    const batch = { images: 1, channels: 3, height: 224, width: 224, layout: 'NCHW' } as const;
    const { data: logits } = await session.infer({ ...batch, data: input });
    const worst = expected.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - logits[i]!)),
      0,
    );
    await device.close();
    expect(expected).toHaveLength(1000);
    expect(worst).toBeLessThan(1e-4);
  });

  it('classifies the first 100 images of ImageNet as the reference does, within 2', async () => {
    const list = readFileSync(path.join(data, 'reference', 'imagenet_classes.json'), 'utf8');
    const classes = (JSON.parse(list) as { synset: string }[]).map(({ synset }) => synset);
    const model = path.join(folder, 'mobileone_s0.safetensors');
    await writeModelFile(model, {
      kind: 'model',
      form: 'fused',
      model: 'mobileone_s0',
      graph: fusedGraph({ normalization }),
      weights,
      classes,
      preprocessing: { resize: 256, crop: 224, interpolation: 'bilinear', channels: 3 },
      config: null,
      position: null,
      best: null,
    });
    const config = path.join(folder, 'imagenet.yaml');
    writeFileSync(
      config,
      `plugins: [data-imagenet]
data: { use: imagenet, dir: ${path.join(data, 'imagenet-val-100')}, batchSize: 20, interpolation: bilinear, trainSplit: val }
`,
    );
    const predictions = path.join(folder, 'predictions.jsonl');
    const args = ['--ckpt_path', model, '--predictions', predictions, '--json'];
    const result = await runCli(['validate', '-c', config, ...args]);
    expect(result).toMatchObject({ code: 0 });
    const file = path.join(data, 'reference', 'imagenet-val-100.mobileone_s0.json');
    const reference = JSON.parse(readFileSync(file, 'utf8')) as {
      top1_hits: number;
      top5_hits: number;
      predictions: Record<string, { top5: number[] }>;
    };
    const { images, top1, top5 } = JSON.parse(result.stdout) as Record<string, number>;
    expect(images).toBe(100);
    expect(Math.abs(top1! - reference.top1_hits)).toBeLessThanOrEqual(2);
    expect(Math.abs(top5! - reference.top5_hits)).toBeLessThanOrEqual(2);

    const ours = readFileSync(predictions, 'utf8').trim().split('\n');
    const same = ours.filter((line) => {
      const { image, predicted } = JSON.parse(line) as { image: string; predicted: string };
      const theirs = Object.entries(reference.predictions).find(([name]) => name.endsWith(image));
      return classes[theirs![1].top5[0]!] === predicted;
    });
    expect(same.length).toBeGreaterThanOrEqual(98);
  });
});
