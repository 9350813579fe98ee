import path from 'node:path';
import { readModelFile, type RefoldFile } from '@refold/formats';
import { fuse } from '@refold/reparam';
import { wrongForm } from './errors.js';

export type Form = 'train' | 'fused';

/** A network from a file, in the form that was asked for. */
export interface OpenModel extends RefoldFile {
  /** Absolute. */
  readonly path: string;
}

/**
 * Reads a checkpoint or a model file. Asked for the fused form of a train form, fuses it in memory.
 *
 * @param form null takes the file's own
 * @throws RefoldError `RF-FILE-*`; `RF-CLI-FORM` when a fused file is asked for its train form
 */
export async function openModel(file: string, form: Form | null): Promise<OpenModel> {
  const model = { ...(await readModelFile(file)), path: path.resolve(file) };
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
