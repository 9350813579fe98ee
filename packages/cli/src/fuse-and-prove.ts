import { Dataset, Device, composeResolved, type ImageBatch, type RunScope } from '@refold/core';
import { writeModelFile } from '@refold/formats';
import { checkGate, fuse, prove, type FusionProof, type Gate } from '@refold/reparam';
import type { Io } from './io.js';
import { loadConfig } from './load-config.js';
import { openModel, type OpenModel } from './open-model.js';

export interface FuseJob {
  /** Absolute. */
  readonly input: string;
  readonly output: string;
  /** Configuration flags: with `--data-dir` (or a configuration that has data) the network is compared on real images. */
  readonly args: readonly string[];
  readonly gate: Required<Gate>;
  /** `--config` */
  readonly config?: string;
  /** Validation images to compare on; 0 compares on random ones without a device. */
  readonly images: number;
}

export interface FuseDocument extends FusionProof {
  readonly input: string;
  readonly output: string;
}

const BATCH = 32;

/**
 * Fuses a checkpoint or model, proves it, and writes the fused model. Over the gate nothing is written.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-FUSE-*`; `RF-FUSE-TOLERANCE` (exit code 3) over the gate
 */
export async function fuseAndProve(io: Io, job: FuseJob): Promise<FuseDocument> {
  const model = await openModel(job.input, null);
  const fusion = fuse(model.graph, model.weights);
  const proof =
    job.images === 0 ? await prove(model, fusion) : await proveOnImages(io, job, model, fusion);
  checkGate(proof, job.gate);
  await writeModelFile(job.output, {
    ...model,
    kind: 'model',
    form: 'fused',
    graph: fusion.graph,
    weights: fusion.weights,
    position: null,
  });
  return { input: job.input, output: job.output, ...proof };
}

async function proveOnImages(
  io: Io,
  job: FuseJob,
  model: OpenModel,
  fusion: ReturnType<typeof fuse>,
): Promise<FusionProof> {
  const { config } = await loadConfig(io, job.args, {
    ...(job.config !== undefined && { config: job.config }),
    ...(model.config && { fallback: model.config }),
  });
  const scope = await composeResolved(config, { baseDir: io.cwd }).open();
  try {
    const device = await scope.get(Device);
    const use = { kind: 'inference', batchSize: BATCH, precision: 'float32' } as const;
    const sessions = {
      train: await device.load(model.graph, { ...use, weights: model.weights }),
      fused: await device.load(fusion.graph, { ...use, weights: fusion.weights }),
    };
    return await prove(model, fusion, {
      network: {
        batches: validationImages(scope, job.images),
        run: async (form, batch: ImageBatch) => {
          const { images, classes, data } = await sessions[form].infer(batch);
          return { shape: [images, classes], data };
        },
      },
    });
  } finally {
    await scope.close();
  }
}

async function* validationImages(scope: RunScope, images: number): AsyncGenerator<ImageBatch> {
  const dataset = await scope.get(Dataset);
  const plan = { batchSize: BATCH, seed: 0, epoch: 0, rank: 0, replicas: 1 };
  let given = 0;
  for await (const batch of dataset.validation.batches(plan)) {
    yield batch;
    given += batch.images;
    if (given >= images) return;
  }
}
