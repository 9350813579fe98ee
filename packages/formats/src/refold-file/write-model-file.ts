import { checkQuantisation, graphToJson } from '@refold/graph';
import { fromNamedTensors } from '../tensors/to-named-tensors.js';
import { writeSafetensors } from '../safetensors/write-safetensors.js';
import { checkWeights } from './check-weights.js';
import { checksum, CHECKSUM_KEY } from './checksum.js';
import type { RefoldFile } from './refold-file.js';

/**
 * Writes a checkpoint or model, as a whole or not at all. It is a safetensors file that any reader of that format
 * opens; the network and what else belongs to it are in the metadata, under `refold.*`.
 *
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-WEIGHTS`, `RF-GRAPH-QUANTISATION`, `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeModelFile(path: string, file: RefoldFile): Promise<number> {
  checkWeights(path, file.graph, file.weights);
  if (file.quantisation) checkQuantisation(file.graph, file.quantisation);
  const tensors = fromNamedTensors(file.weights);
  const metadata: Record<string, string> = {
    'refold.format': '1',
    'refold.kind': file.kind,
    'refold.form': file.form,
    'refold.model': file.model,
    'refold.graph': graphToJson(file.graph),
    'refold.classes': JSON.stringify(file.classes),
    'refold.preprocessing': JSON.stringify(file.preprocessing),
    'refold.config': JSON.stringify(file.config),
    'refold.position': JSON.stringify(file.position),
    'refold.best': JSON.stringify(file.best),
  };
  if (file.quantisation) metadata['refold.quantisation'] = JSON.stringify(file.quantisation);
  metadata[CHECKSUM_KEY] = checksum(tensors, metadata);
  return writeSafetensors(path, tensors, metadata);
}
