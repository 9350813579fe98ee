import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  openWeights,
  sourcesOf,
  weightsWriters,
  writeModelFile,
  writeOnnx,
  writeTfjsModel,
  type RefoldFile,
  type StoredTensor,
  type WeightsFormat,
} from '@refold/formats';
import type { Model } from '@refold/core';
import { checkOnnx } from '../onnx-check/check-onnx.js';
import { inFolderBeside } from '../onnx-check/in-folder-beside.js';
import { exportDamaged, exportDiffers } from './errors.js';
import type { ExportFormat } from './export-formats.js';
import type { Probe } from './probe-network.js';
import { renameWeights } from './rename-weights.js';

export interface ExportJob {
  readonly network: RefoldFile;
  readonly format: ExportFormat;
  /** Absolute. */
  readonly output: string;
  /** Names of the tensors, where the format holds weights alone. */
  readonly scheme: string | undefined;
  /** Who describes the network; null where no installed plugin does. */
  readonly model: Model | null;
  /** Largest relative error (2-norm) of a network that is run by its own runtime. */
  readonly tolerance: number;
  /** Images and answers to run it on; asked for only by formats that can be run. */
  readonly probes: (network: RefoldFile) => Promise<readonly Probe[]>;
}

/** What came of an export. */
export interface ExportResult {
  readonly maxAbsError: number;
  readonly maxRelError: number;
  readonly bytes: number;
  /** What the format does not hold of the network, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes a network in another format and checks what was written: networks are run by that format's own runtime (ONNX
 * Runtime, TensorFlow.js), weights are read again and compared bit by bit. What does not pass is not left behind.
 *
 * @throws RefoldError `RF-EXPORT-*` (`RF-EXPORT-TOLERANCE` with exit code 3), `RF-FILE-*`, `RF-CLI-ONNXRUNTIME-*`
 */
export function exportNetwork(job: ExportJob): Promise<ExportResult> {
  switch (job.format) {
    case 'onnx':
      return exportOnnx(job);
    case 'tfjs':
      return exportTfjs(job);
    case 'refold':
      return writeModelFile(job.output, { ...job.network, kind: 'model', position: null }).then(
        exact,
      );
    default:
      return exportWeights(job, job.format);
  }
}

function exportOnnx({ network, output, tolerance, probes }: ExportJob): Promise<ExportResult> {
  return inFolderBeside(output, async (file, publish) => {
    const bytes = await writeOnnx(file, network);
    const known = await probes(network);
    const difference = await checkOnnx(
      file,
      known.map(({ input }) => input),
      known.map(({ output: answer }) => answer),
    );
    if (!(difference.maxRelError <= tolerance)) {
      throw exportDiffers('ONNX', difference.maxRelError, tolerance);
    }
    await publish();
    return { ...difference, bytes, notes: [] };
  });
}

async function exportTfjs(job: ExportJob): Promise<ExportResult> {
  const { output, tolerance, probes } = job;
  // TensorFlow.js computes in float32.
  const network = { ...job.network, quantisation: null };
  const { checkTfjsModel } = await import('@refold/tfjs');
  const trial = await mkdtemp(path.join(tmpdir(), 'refold-tfjs-'));
  try {
    const folder = path.join(trial, 'model');
    await writeTfjsModel(folder, network);
    const difference = await checkTfjsModel(folder, await probes(network));
    if (!(difference.maxRelError <= tolerance)) {
      throw exportDiffers('a TensorFlow.js model', difference.maxRelError, tolerance);
    }
    const bytes = await writeTfjsModel(output, network);
    return { ...difference, bytes, notes: notesOn(job.network) };
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

async function exportWeights(
  { network, output, scheme, model }: ExportJob,
  format: Exclude<WeightsFormat, 'onnx'>,
): Promise<ExportResult> {
  const { graph, weights } = network;
  const names = scheme ?? (format === 'mindspore' ? 'mindspore' : undefined);
  const isMindspore = names === 'mindspore' || names === 'mindcv';
  const counters = network.form === 'train' && !isMindspore && format !== 'numpy';
  const tensors = renameWeights(graph, weights, { scheme: names, model, counters });
  const bytes = await weightsWriters[format](output, sourcesOf(tensors));
  const damaged = await firstDifference(output, tensors);
  if (damaged === undefined) return { ...exact(bytes), notes: notesOn(network) };
  await rm(output, { force: true });
  throw exportDamaged(output, damaged);
}

const exact = (bytes: number): ExportResult => ({
  maxAbsError: 0,
  maxRelError: 0,
  bytes,
  notes: [],
});

/** Of formats that keep float32 alone. */
function notesOn({ quantisation }: RefoldFile): readonly string[] {
  return quantisation ? ['The network is written in float32, without its quantisation.'] : [];
}

/** Name of a tensor that the file holds otherwise, or not at all. */
async function firstDifference(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<string | undefined> {
  const written = await openWeights(file);
  try {
    for (const [name, { shape, data }] of tensors) {
      const found = written.tensors.get(name);
      if (found?.shape.join() !== shape.join()) return name;
      if (!Buffer.from(await found.read()).equals(data)) return name;
    }
    return undefined;
  } finally {
    await written.close();
  }
}
