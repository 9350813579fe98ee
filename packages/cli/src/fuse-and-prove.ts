import { existsSync, realpathSync } from 'node:fs';
import { Dataset, Device, composeResolved, firstImages, type ImageBatch } from '@refold/core';
import type { RefoldFile } from '@refold/formats';
import { checkGate, fuse, prove, type FusionProof, type Gate } from '@refold/reparam';
import { wouldReplaceInput } from './errors.js';
import { evaluationData, withoutModel } from './evaluation-data.js';
import { formatOfEnding, type ExportFormat } from './export/export-formats.js';
import { exportNetwork, type ExportResult } from './export/export-network.js';
import { probeNetwork } from './export/probe-network.js';
import type { Io } from './io.js';
import { loadConfig, pluginFolders } from './load-config.js';
import { openModel, type OpenModel } from './open-model.js';
import { importSettings } from './recognise/import-settings.js';
import type { Reporter } from './output/open-reporter.js';
import type { Arguments } from './read-arguments.js';

export interface FuseJob {
  /** Absolute. */
  readonly input: string;
  readonly output: string;
  /** With `--data-dir` (or a configuration that has data) the network is compared on real images. */
  readonly given: Arguments;
  readonly gate: Required<Gate>;
  /** Validation images to compare on; 0 compares on random ones without a device. */
  readonly images: number;
  readonly report: Reporter;
}

export interface FuseDocument extends FusionProof {
  readonly input: string;
  readonly output: string;
  /** Of the file: run by the runtime of its format, or read again, it differs from the fused network by so much. */
  readonly written: ExportResult & { readonly format: ExportFormat };
}

const BATCH = 32;

/**
 * Fuses a checkpoint or model, proves it, and writes the fused model. Over the gate nothing is written.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-FUSE-*`, `RF-CLI-SAME-FILE`; `RF-FUSE-TOLERANCE` (exit code 3) over the gate
 */
export async function fuseAndProve(io: Io, job: FuseJob): Promise<FuseDocument> {
  if (isSameFile(job.input, job.output)) throw wouldReplaceInput('--output', job.input);
  const model = await openModel(job.input, null, () => importSettings(io, job.given));
  const fusion = fuse(model.graph, model.weights);
  const proof =
    job.images === 0 ? await prove(model, fusion) : await proveOnImages(io, job, model, fusion);
  checkGate(proof, job.gate);
  const network: RefoldFile = {
    ...{ ...model, kind: 'model', form: 'fused', graph: fusion.graph, weights: fusion.weights },
    // Of the network before: its layers may be others now.
    ...{ position: null, quantisation: null },
  };
  const format = formatOfEnding(job.output) ?? 'refold';
  const written = await exportNetwork({
    ...{ network, format, output: job.output, scheme: undefined, model: null },
    tolerance: job.gate.network,
    probes: (written) => probeNetwork(io, job.given, written),
  });
  const { maxAbsError, maxRelError, top1Agreement } = proof.network;
  job.report.record({
    type: 'fused',
    path: job.output,
    regions: proof.regions.length,
    left: proof.left.length,
    maxAbsError,
    maxRelError,
    top1Agreement,
  });
  return { input: job.input, output: job.output, ...proof, written: { format, ...written } };
}

/** Also by another name (a link). */
export function isSameFile(input: string, output: string): boolean {
  return existsSync(input) && existsSync(output) && realpathSync(input) === realpathSync(output);
}

async function proveOnImages(
  io: Io,
  job: FuseJob,
  model: OpenModel,
  fusion: ReturnType<typeof fuse>,
): Promise<FusionProof> {
  const data = await evaluationData(model, job.given, pluginFolders(io));
  const config = await loadConfig(io, withoutModel(job.given), data);
  for (const warning of config.warnings) job.report.take({ type: 'warned', ...warning });
  const scope = await composeResolved(config, { baseDir: io.cwd }).open(job.report.take);
  try {
    const dataset = await scope.get(Dataset);
    const device = await scope.get(Device);
    const use = { kind: 'inference', batchSize: BATCH, precision: 'float32' } as const;
    const sessions = {
      train: await device.load(model.graph, { ...use, weights: model.weights }),
      fused: await device.load(fusion.graph, { ...use, weights: fusion.weights }),
    };
    return await prove(model, fusion, {
      network: {
        batches: firstImages(dataset.validation, { images: job.images, batchSize: BATCH }),
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
