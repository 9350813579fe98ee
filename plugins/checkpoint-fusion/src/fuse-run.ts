import path from 'node:path';
import { firstImages, type ImageBatch, type RunContext } from '@refold/core';
import { writeAtomically, writeModelFile } from '@refold/formats';
import { checkGate, fuse, prove, type FusionProof, type Gate } from '@refold/reparam';

export interface FuseRunOptions {
  readonly gate: Gate;
  /** Random probes per region. */
  readonly probes: number;
  /** Validation images the whole network is compared on. */
  readonly images: number;
  readonly batchSize: number;
}

/**
 * Fuses the run's network as it stands, proves it on validation images on the run's own device, and writes
 * `<model>-fused.safetensors` with a report beside it. Over the gate nothing is written.
 *
 * @throws RefoldError `RF-FUSE-*`; `RF-FUSE-TOLERANCE` (exit code 3) over the gate;
 * `RF-FILE-*` where the result cannot be written
 */
export async function fuseRun(run: RunContext, options: FuseRunOptions): Promise<FusionProof> {
  const { tensors } = await run.state();
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith('optimizer.')));
  const fusion = fuse(run.graph, weights);
  const { batchSize } = options;
  const session = await run.device.load(fusion.graph, {
    kind: 'inference',
    batchSize,
    precision: 'float32',
    weights: fusion.weights,
  });
  try {
    const proof = await prove({ graph: run.graph, weights }, fusion, {
      probes: options.probes,
      network: {
        batches: firstImages(run.dataset.validation, options),
        run: async (form, batch: ImageBatch) => {
          const { images, classes, data } = await (form === 'train'
            ? run.infer(batch)
            : session.infer(batch));
          return { shape: [images, classes], data };
        },
      },
    });
    checkGate(proof, options.gate);
    await write(run, fusion, proof);
    return proof;
  } finally {
    await session.close();
  }
}

async function write(
  run: RunContext,
  { graph, weights }: ReturnType<typeof fuse>,
  proof: FusionProof,
): Promise<void> {
  const file = path.join(run.outputDir, `${run.modelName}-fused.safetensors`);
  await writeModelFile(file, {
    kind: 'model',
    form: 'fused',
    model: run.modelName,
    graph,
    weights,
    classes: run.dataset.classes,
    preprocessing: run.dataset.preprocessing,
    config: run.config,
    position: null,
    best: run.best as Record<string, unknown> | null,
  });
  const report = { input: run.outputDir, output: file, ...proof };
  const text = Buffer.from(`${JSON.stringify(report, null, 2)}\n`);
  await writeAtomically(path.join(run.outputDir, `${run.modelName}-fused.json`), (sink) =>
    sink(text),
  );
  run.report('fused', file);
  const { maxAbsError, maxRelError, top1Agreement } = proof.network;
  const counts = { regions: proof.regions.length, left: proof.left.length };
  run.emit({ type: 'fused', path: file, ...counts, maxAbsError, maxRelError, top1Agreement });
  for (const note of proof.notes) run.emit({ type: 'warned', code: 'RF-FUSE-NOTE', message: note });
}
