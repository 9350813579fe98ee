import {
  collectProviders,
  installedPlugins,
  loadPlugins,
  mergeConfig,
  Model,
  optionsForSchema,
  pluginNames,
  readConfigFile,
  type ConfigObject,
  type Plugin,
} from '@refold/core';
import { z } from 'zod';
import type { Io } from '../io.js';
import { pluginFolders } from '../load-config.js';
import type { Arguments } from '../read-arguments.js';
import type { ImportOptions } from './import-weights.js';
import { modelNotFound, settingDoesNotFit } from './errors.js';
import {
  createCandidate,
  IMAGENET,
  modelCandidates,
  type ModelCandidate,
} from './model-candidates.js';

/** What a foreign file does not say, and where to look for its network. */
export interface ImportSettings {
  readonly candidates: readonly ModelCandidate[];
  readonly options: ImportOptions;
}

export interface ImportHints {
  /** Class names by index; empty: unknown. */
  readonly classes?: readonly string[];
  /** See `RecogniseOptions`. */
  readonly prefix?: string | undefined;
  /** Configuration that a file brought along: names its model where nothing else does. */
  readonly stored?: Readonly<ConfigObject> | null;
}

const colour = z.array(z.number()).length(3);

/** Keys of the configuration that matter to an import, with the values that published networks have. */
const settings = z.object({
  model: z
    .looseObject({
      use: z.string().optional(),
      numClasses: z.int().positive().nullable().default(null),
    })
    .prefault({}),
  data: z
    .looseObject({
      resolution: z.int().positive().default(224),
      cropPct: z.number().positive().max(1).default(0.875),
      valResize: z.int().positive().nullable().optional(),
      interpolation: z.enum(['bilinear', 'bicubic']).default('bilinear'),
      mean: colour.default([...IMAGENET.mean]),
      std: colour.default([...IMAGENET.std]),
    })
    .prefault({}),
});

/**
 * Reads them from the configuration and flags: candidates are the models of every installed plugin, or the one that is
 * named with its options (`--model repvgg --model.depths …`).
 *
 * @throws RefoldError `RF-CONFIG-*`, `RF-PLUGIN-*`, `RF-IMPORT-SETTING`
 */
export async function importSettings(
  io: Io,
  { options: { config }, flags }: Pick<Arguments, 'options' | 'flags'>,
  { classes = [], prefix, stored }: ImportHints = {},
): Promise<ImportSettings> {
  const file = config === undefined ? undefined : await readConfigFile(config, io.cwd);
  const object = stored?.['model'] === undefined ? undefined : { model: stored['model'] };
  const { tree } = mergeConfig({ object, file, flags });
  const parsed = settings.safeParse(tree.value);
  if (!parsed.success) throw settingDoesNotFit(parsed.error);
  const { model, data } = parsed.data;
  const { resolution, cropPct, valResize, interpolation, mean, std } = data;
  const resize = valResize === undefined ? Math.floor(resolution / cropPct) : valResize;
  const from = pluginFolders(io, config);
  const installed = installedPlugins(from).filter((name) => name.startsWith('model-'));
  const plugins = await loadPlugins([...new Set([...pluginNames(tree), ...installed])], { from });
  return {
    candidates: await candidatesOf(plugins, model),
    options: {
      classes,
      preprocessing: { resize, crop: resolution, interpolation, channels: 3 },
      normalization: { mean, std },
      numClasses: model.numClasses,
      ...(prefix !== undefined && { prefix }),
    },
  };
}

async function candidatesOf(
  plugins: readonly Plugin[],
  { use, numClasses: _, ...options }: ConfigObject & { use?: string | undefined },
): Promise<readonly ModelCandidate[]> {
  if (use === undefined) return modelCandidates(dedupe(plugins));
  const declared = collectProviders(dedupe(plugins), optionsForSchema).find(
    ({ point, provider }) => point.name === Model.name && provider.use?.includes(use),
  );
  if (!declared) throw modelNotFound(use);
  const parsed = declared.provider.options?.safeParse(options) ?? { success: true, data: {} };
  if (!parsed.success) throw settingDoesNotFit(parsed.error);
  return [await createCandidate(declared, use, parsed.data)];
}

/** A plugin may be listed by one name and found by another. */
function dedupe(plugins: readonly Plugin[]): readonly Plugin[] {
  return [...new Map(plugins.map((plugin) => [plugin.name, plugin])).values()];
}
