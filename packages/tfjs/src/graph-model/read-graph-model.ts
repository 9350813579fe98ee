import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { modelUnreadable } from '../errors.js';

/**
 * Reads a TensorFlow.js model folder (`model.json` and its weight shards) from disk, for `loadGraphModelSync`.
 *
 * @throws RefoldError `RF-TFJS-MODEL` when a file is missing, damaged or no model
 */
export async function readGraphModel(folder: string): Promise<io.ModelArtifacts> {
  try {
    const text = await readFile(join(folder, 'model.json'), 'utf8');
    const document = JSON.parse(text) as io.ModelJSON;
    const { weightsManifest: groups, modelTopology, signature, userDefinedMetadata } = document;
    const shards = await Promise.all(
      groups.flatMap(({ paths }) => paths.map((name) => readFile(join(folder, name)))),
    );
    const weightSpecs = groups.flatMap(({ weights }) => weights);
    const weightData = Uint8Array.from(Buffer.concat(shards)).buffer;
    return {
      modelTopology,
      weightSpecs,
      weightData,
      ...(signature && { signature }),
      ...(userDefinedMetadata && { userDefinedMetadata }),
    };
  } catch (error) {
    throw modelUnreadable(folder, error);
  }
}
