import { writeMindspore } from '../mindspore/write-mindspore.js';
import { writeNpz } from '../numpy/write-npz.js';
import { writePytorch } from '../pytorch/write-pytorch.js';
import { writeSafetensorSources } from '../safetensors/write-safetensors.js';
import type { TensorSource } from '../tensors/tensor-source.js';
import type { WeightsFormat } from './weights-file.js';

/**
 * Writes tensors to a file of one format, as a whole or not at all; one tensor is in memory at a time.
 *
 * @param metadata kept where the format has a place for it
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`, `RF-FILE-DTYPE` for types and `RF-FILE-NAME` for names
 * that the format lacks
 */
export type WriteWeights = (
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
  metadata?: Readonly<Record<string, string>>,
) => Promise<number>;

/** Formats that weights alone can be written to. ONNX is none: it needs the network. */
export const weightsWriters: Readonly<Record<Exclude<WeightsFormat, 'onnx'>, WriteWeights>> = {
  safetensors: writeSafetensorSources,
  pytorch: writePytorch,
  mindspore: writeMindspore,
  numpy: writeNpz,
};
