import path from 'node:path';
import { openWeights, readModelFile, type RefoldFile, type WeightsFile } from '@refold/formats';
import { fuse } from '@refold/reparam';
import { wrongForm } from './errors.js';
import { importWeights } from './recognise/import-weights.js';
import { readOnnxFile } from './recognise/read-onnx-file.js';
import type { ImportSettings } from './recognise/import-settings.js';

export type Form = 'train' | 'fused';

/** A network from a file, in the form that was asked for. */
export interface OpenModel extends RefoldFile {
  /** Absolute. */
  readonly path: string;
}

/**
 * Reads a checkpoint or a model file of ours, or weights that another library wrote. Asked for the fused form of a train
 * form, fuses it in memory.
 *
 * @param form null takes the file's own
 * @param settings of an import, asked for only when the file is a foreign one
 * @throws RefoldError `RF-FILE-*`, `RF-IMPORT-*`; `RF-CLI-FORM` when a fused file is asked for its train form
 */
export async function openModel(
  file: string,
  form: Form | null,
  settings: () => Promise<ImportSettings>,
): Promise<OpenModel> {
  const model = { ...(await readNetwork(file, settings)), path: path.resolve(file) };
  if (form === null || form === model.form) return model;
  if (form === 'train') throw wrongForm(file);
  const fused = fuse(model.graph, model.weights);
  return {
    ...model,
    form: 'fused',
    quantisation: null,
    graph: fused.graph,
    weights: fused.weights,
  };
}

async function readNetwork(
  file: string,
  settings: () => Promise<ImportSettings>,
): Promise<RefoldFile> {
  const weights = await openWeights(file);
  try {
    if (isRefoldFile(weights)) return await readModelFile(file);
    if (weights.format === 'onnx') return (await readOnnxFile(file, settings)).network;
    const { candidates, options } = await settings();
    return (await importWeights(file, weights, candidates, options)).file;
  } finally {
    await weights.close();
  }
}

/** Whether a file brings a network of ours along, so that nothing need be recognised. */
export function isRefoldFile({
  format,
  metadata,
}: Pick<WeightsFile, 'format' | 'metadata'>): boolean {
  return format === 'safetensors' && metadata['refold.format'] !== undefined;
}
