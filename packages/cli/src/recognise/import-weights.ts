import type { ModelContext } from '@refold/core';
import { readHostTensor, type RefoldFile, type WeightsFile } from '@refold/formats';
import { initialise, tensorsOf, type HostTensor, type TensorSpec } from '@refold/graph';
import { formOfModel } from './candidate-forms.js';
import { badClassNames, incomplete } from './errors.js';
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
  checkClassCount(path, options.classes, numClasses);
  const { normalization } = options;
  const graph = formOfModel(candidate, form, { numClasses, sample, normalization });
  const weights = new Map<string, HostTensor>();
  const fresh = reinitialised.length > 0 ? initialise(graph, SEED) : undefined;
  for (const spec of tensorsOf(graph)) {
    const made = reinitialised.includes(spec.name) ? fresh?.get(spec.name) : undefined;
    weights.set(spec.name, made ?? (await readTensor(path, spec, file, match)));
  }
  return {
    match,
    reinitialised,
    file: {
      ...{ kind: 'model', form, model: candidate.model.name, graph, weights },
      ...{ classes: options.classes, preprocessing: options.preprocessing },
      ...{ quantisation: null, config: null, position: null, best: null },
    },
  };
}

/** @throws RefoldError `RF-IMPORT-CLASSES` where there are names, but not one for each class */
export function checkClassCount(path: string, classes: readonly string[], outputs: number): void {
  if (classes.length === 0 || classes.length === outputs) return;
  throw badClassNames(path, `${outputs} names`, `${classes.length} names`);
}

/** One tensor of the network, its values turned into ours where the scheme stores others. */
async function readTensor(
  path: string,
  { name, shape }: TensorSpec,
  { tensors }: WeightsFile,
  { of, reading }: Match,
): Promise<HostTensor> {
  const fileName = reading.fileNames.get(name)!;
  const tensor = await readHostTensor(path, name, tensors.get(fileName)!);
  const valueOf = of.candidate.model.weightValues?.[reading.scheme];
  const { data } = valueOf?.(fileName.slice(reading.prefix.length), tensor) ?? tensor;
  return { shape, data };
}
