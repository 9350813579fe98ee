import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  copyModel,
  externalName,
  findOnnxRegions,
  openOnnx,
  replaceByConvolutions,
  writeOnnxFile,
  type OnnxFileOptions,
  type OnnxModel,
} from '@refold/formats';
import { InternalError } from '@refold/graph';
import { checkGate, type Gate, type Left, type RegionProof } from '@refold/reparam';
import { externalInTheWay, fileNotWritable, wouldReplaceInput } from '../errors.js';
import { isSameFile } from '../fuse-and-prove.js';
import type { RuntimeTensor } from '../onnx-runtime/runtime-messages.js';
import { countMacs, countParameters } from './count-onnx.js';
import { fuseOnnxRegions, type FuseOnnxOptions } from './fuse-regions.js';
import type { InputShapes } from './probe-feeds.js';
import { proveOnnx, type OnnxNetworkProof } from './prove-onnx.js';

export interface FuseOnnxJob extends FuseOnnxOptions, Pick<OnnxFileOptions, 'maxBytes'> {
  readonly gate?: Gate;
  /** Shapes of inputs for the proof, where the file leaves sizes open and a guess (64, 224, 256, 640 a side) is not wanted. */
  readonly inputShapes?: InputShapes;
}

/** What `refold fuse` prints for an ONNX file (DESIGN §10). */
export interface FuseOnnxDocument {
  readonly input: string;
  readonly output: string;
  readonly regions: readonly RegionProof[];
  readonly left: readonly Left[];
  readonly notes: readonly string[];
  /** Null where ONNX Runtime is not installed, or does not take the original; a note says which. */
  readonly network: OnnxNetworkProof | null;
  readonly parameters: { readonly train: number; readonly fused: number };
  /** For the inputs of the first probe. Null where the network was not run. */
  readonly macs: { readonly train: number; readonly fused: number } | null;
}

/**
 * Fuses the re-parameterisable parts of any ONNX model (a classifier, a detector, whatever else is around them) and leaves
 * all other parts as they are, byte by byte. Each fused part is measured on random images against what it replaces, and the
 * whole model against the original in ONNX Runtime where that is installed. Over the gate nothing is written.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-ONNX-*`, `RF-CLI-SAME-FILE`, `RF-CLI-UNWRITABLE`; `RF-FUSE-TOLERANCE` (exit code 3)
 * over the gate
 */
export async function fuseOnnx(
  input: string,
  output: string,
  { gate = {}, inputShapes = {}, maxBytes, ...options }: FuseOnnxJob = {},
): Promise<FuseOnnxDocument> {
  if (isSameFile(input, output)) throw wouldReplaceInput('--output', input);
  const { probes = 2, seed = 0 } = options;
  const original = await openOnnx(input);
  try {
    refuseOverwriting(original, input, output);
    const found = await findOnnxRegions(original);
    const fusion = await fuseOnnxRegions(found.regions, options);
    const replaced = replaceByConvolutions(original, fusion.replacements);
    if (typeof replaced === 'string') {
      throw new InternalError(`A region of an ONNX model has more than one output: ${replaced}.`);
    }
    const proofs = fusion.proofs.map((proof, i) => ({ ...proof, name: replaced.names[i]! }));
    const outgoing = await copyModel(original, replaced.changes);
    return await inFolderBeside(output, async (file, publish) => {
      await writeOnnxFile(file, outgoing, maxBytes === undefined ? {} : { maxBytes });
      const fused = await openOnnx(file);
      try {
        const files = { original: input, fused: file };
        const proof = await proveOnnx(original, files, { probes, seed, shapes: inputShapes });
        checkGate(
          { regions: proofs, network: proof.network ? gated(proof.network) : unseen },
          gate,
        );
        const macs = proof.network && (await macsOf(original, fused, proof.feeds));
        const parameters = { train: countParameters(original), fused: countParameters(fused) };
        await publish();
        const missing = proof.network
          ? []
          : [`The whole network was not measured: ${proof.reason}`];
        return {
          ...{ input, output, regions: proofs, left: [...found.left, ...fusion.left] },
          ...{ notes: [...fusion.notes, ...missing], network: proof.network, parameters, macs },
        };
      } finally {
        await fused.close();
      }
    });
  } finally {
    await original.close();
  }
}

const unseen = { maxAbsError: 0, maxRelError: 0, top1Agreement: 1, samples: 0 };
const gated = (network: OnnxNetworkProof) => ({
  ...network,
  top1Agreement: network.top1Agreement ?? 1,
});

async function macsOf(
  original: OnnxModel,
  fused: OnnxModel,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<{ readonly train: number; readonly fused: number }> {
  return { train: await countMacs(original, feeds), fused: await countMacs(fused, feeds) };
}

/** The file of weights beside the output must not be one that the input needs. */
function refuseOverwriting({ externalFiles }: OnnxModel, input: string, output: string): void {
  const beside = path.join(path.dirname(output), externalName(output));
  for (const location of externalFiles) {
    const file = path.join(path.dirname(input), location);
    if (isSameFile(file, beside) || path.resolve(file) === path.resolve(output)) {
      throw externalInTheWay(file, output);
    }
  }
}

/**
 * Gives a file in a new folder beside the output, and a function that moves it (and its weights) to the output's place; the
 * folder is gone afterwards. So nothing unproved is ever where somebody may take it for the result.
 */
async function inFolderBeside<T>(
  output: string,
  work: (file: string, publish: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const prefix = path.join(path.dirname(output), `.${path.basename(output)}.refold-tmp-`);
  const folder = await mkdtemp(prefix).catch((error: unknown) => {
    throw fileNotWritable('--output', output, error);
  });
  try {
    const file = path.join(folder, path.basename(output));
    return await work(file, async () => {
      const weights = path.join(folder, externalName(output));
      const external = await stat(weights).catch(() => null);
      if (external) {
        await rename(weights, path.join(path.dirname(output), externalName(output)));
      }
      await rename(file, output);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
