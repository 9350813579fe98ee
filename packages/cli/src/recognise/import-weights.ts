import type { ModelContext } from '@refold/core';
import { readHostTensor, type RefoldFile, type WeightsFile } from '@refold/formats';
import { initialise, tensorsOf, type HostTensor } from '@refold/graph';
import { formOfModel } from './candidate-forms.js';
import { incomplete } from './errors.js';
import type { Match } from './match-form.js';
import type { ModelCandidate } from './model-candidates.js';
import { recognise } from './recognise.js';

export interface ImportOptions {
  /** Class names by index; empty: unknown. */
  readonly classes: readonly string[];
  readonly preprocessing: NonNullable<RefoldFile['preprocessing']>;
  readonly normalization: NonNullable<ModelContext['normalization']>;
  /** A fresh classifier for so many classes; null keeps the file's. */
  readonly numClasses: number | null;
  readonly prefix?: string;
}

export interface ImportedNetwork {
  readonly file: RefoldFile;
  readonly match: Match;
  /** Tensors that were made afresh, on request. */
  readonly reinitialised: readonly string[];
}

/** Of a fresh classifier: fine-tuning draws it again from its own seed where that matters. */
const SEED = 0;

/**
 * A network from the weights of another library: recognised, renamed, converted to float32.
 *
 * @throws RefoldError `RF-IMPORT-UNKNOWN`, `RF-IMPORT-INCOMPLETE`, `RF-FILE-*`
 */
export async function importWeights(
  path: string,
  file: WeightsFile,
  candidates: readonly ModelCandidate[],
  options: ImportOptions,
): Promise<ImportedNetwork> {
  const { crop, channels } = options.preprocessing;
  const sample = { channels, height: crop, width: crop };
  const { prefix } = options;
  const match = recognise(path, file, candidates, {
    sample,
    ...(prefix !== undefined && { prefix }),
  });
  const { candidate, form, classAxes } = match.of;
  const head = [...classAxes.keys()];
  const reinitialised =
    options.numClasses !== null && options.numClasses !== match.numClasses ? head : [];
  const unusable = match.missing.filter((name) => !reinitialised.includes(name));
  if (unusable.length > 0 || match.misshapen.length > 0) throw incomplete(path, match, head);
  const numClasses = options.numClasses ?? match.numClasses!;
  const { normalization } = options;
  const graph = formOfModel(candidate, form, { numClasses, sample, normalization });
  const weights = new Map<string, HostTensor>();
  const fresh = reinitialised.length > 0 ? initialise(graph, SEED) : undefined;
  for (const { name, shape } of tensorsOf(graph)) {
    const source = file.tensors.get(match.reading.fileNames.get(name) ?? '');
    const made = reinitialised.includes(name) ? fresh?.get(name) : undefined;
    // Shapes of the same values may differ in axes of one; the network's is the one that holds.
    weights.set(name, made ?? { shape, data: (await readHostTensor(path, name, source!)).data });
  }
  return {
    match,
    reinitialised,
    file: {
      ...{ kind: 'model', form, model: candidate.model.name, graph, weights },
      ...{ classes: options.classes, preprocessing: options.preprocessing },
      ...{ config: null, position: null, best: null },
    },
  };
}
