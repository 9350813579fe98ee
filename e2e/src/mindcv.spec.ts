import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '@refold/core';
import { writeImageFolder } from './spec-kit/image-folder.js';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();
const data = path.join(folder, 'dataset');

/** The keys of MindCV's configs/repvgg/repvgg_a1_ascend.yaml (facts §3), small enough for a test. */
const recipe = `
mode: 0
distribute: True
num_parallel_workers: 2
val_while_train: True
dataset: "imagenet"
data_dir: "/path/to/imagenet"
shuffle: True
dataset_download: False
batch_size: 4
drop_remainder: True
image_resize: 32
hflip: 0.5
interpolation: "bilinear"
crop_pct: 0.875
color_jitter: 0.1
model: "repvgg_a0"
num_classes: 2
pretrained: False
ckpt_path: ""
keep_checkpoint_max: 10
ckpt_save_dir: "./ckpt"
epoch_size: 1
dataset_sink_mode: True
amp_level: "O0"
loss: "CE"
label_smoothing: 0.1
scheduler: "warmup_cosine_decay"
lr: 0.05
min_lr: 0.0
warmup_epochs: 0
decay_epochs: 1
opt: "momentum"
momentum: 0.9
weight_decay: 0.0001
use_nesterov: False
loss_scale: 1024
`;

describe("MindCV's command lines with refold in place of python train.py and validate.py", () => {
  beforeAll(async () => {
    await writeImageFolder(data);
    writeFileSync(path.join(folder, 'repvgg_a0_ascend.yaml'), recipe);
  });

  it('train and validate as they are', async () => {
    const trained = await runCli(
      [
        'train',
        '--config',
        'repvgg_a0_ascend.yaml',
        '--data_dir',
        data,
        '--distribute',
        'False',
        '--json',
      ],
      folder,
    );
    expect(trained).toMatchObject({ code: 0 });
    expect(trained.stderr).toContain('dataset_sink_mode');
    const { checkpoint } = JSON.parse(trained.stdout) as RunResult;
    expect(checkpoint?.startsWith(path.join(folder, 'ckpt'))).toBe(true);

    const validated = await runCli(
      [
        'validate',
        '-c',
        'repvgg_a0_ascend.yaml',
        '--data_dir',
        data,
        '--ckpt_path',
        checkpoint!,
        '--json',
      ],
      folder,
    );
    expect(validated).toMatchObject({ code: 0 });
    expect(JSON.parse(validated.stdout)).toMatchObject({
      model: 'repvgg_a0',
      form: 'train',
      images: 16,
    });
  });
});
