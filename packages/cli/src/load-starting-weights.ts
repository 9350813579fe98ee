import path from 'node:path';
import { composeResolved, Model, type ResolvedConfig } from '@refold/core';
import { openWeights, readHostTensor, readWeights, type WeightsFile } from '@refold/formats';
import { tensorsOf, type HostTensor, type NamedTensors } from '@refold/graph';
import { cannotStartFrom } from './recognise/errors.js';
import { LEAST_SHARE } from './recognise/recognise.js';
import { isRefoldFile } from './open-model.js';
import { IMAGENET } from './recognise/model-candidates.js';
import { bestReading } from './recognise/read-names.js';

/**
 * Weights named by the configuration's `weights`: of a Refold file, or of any file of weights under any naming scheme that
 * the configured model knows. Null where none are named. What does not fit the model is left to the run, which starts it
 * afresh and says so.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-IMPORT-OTHER-NETWORK` where most of the network is missing, and those of making the model
 */
export async function loadStartingWeights(
  config: ResolvedConfig,
  cwd: string,
): Promise<NamedTensors | null> {
  if (config.core.weights === null) return null;
  const file = path.resolve(cwd, config.core.weights);
  const open = await openWeights(file);
  try {
    const known = await tensorsOfModel(config, cwd);
    const weights = isRefoldFile(open)
      ? await readWeights(file)
      : await translated(file, open, known);
    const matched = [...known.names].filter((name) => weights.has(name)).length;
    if (matched < LEAST_SHARE * known.names.size) {
      const isFused = [...open.tensors.keys()].some((name) => /[._]reparam/.test(name));
      throw cannotStartFrom(file, known.model.name, matched, known.names.size, isFused);
    }
    return weights;
  } finally {
    await open.close();
  }
}

async function translated(
  file: string,
  { tensors }: WeightsFile,
  known: KnownTensors,
): Promise<NamedTensors> {
  const reading = bestReading(known.model, [...tensors.keys()], (name) => known.names.has(name));
  const valueOf = known.model.weightValues?.[reading?.scheme ?? ''];
  const named = new Map<string, HostTensor>();
  const ours = new Map([...(reading?.fileNames ?? [])].map(([name, foreign]) => [foreign, name]));
  for (const [name, source] of tensors) {
    const mine = ours.get(name);
    const isWeight = /^B?F\d/.test(source.dtype) && source.shape.length > 0;
    if (mine !== undefined || (isWeight && name.startsWith(reading?.prefix ?? ''))) {
      const tensor = await readHostTensor(file, name, source);
      const rest = name.slice(reading?.prefix.length ?? 0);
      named.set(mine ?? name, (mine && valueOf?.(rest, tensor)) || tensor);
    }
  }
  return named;
}

interface KnownTensors {
  readonly model: Model;
  readonly names: ReadonlySet<string>;
}

async function tensorsOfModel(config: ResolvedConfig, cwd: string): Promise<KnownTensors> {
  const scope = await composeResolved(config, { baseDir: cwd }).open();
  try {
    const model = await scope.get(Model);
    // Names do not depend on classes and size; the conformance kit holds models to that.
    const sample = { channels: 3, height: 224, width: 224 };
    const graph = model.build({ numClasses: 1000, sample, normalization: IMAGENET });
    return { model, names: new Set(tensorsOf(graph).map(({ name }) => name)) };
  } finally {
    await scope.close();
  }
}
