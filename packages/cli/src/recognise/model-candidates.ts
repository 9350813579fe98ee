import {
  collectProviders,
  Model,
  optionsForSchema,
  type DeclaredProvider,
  type Host,
  type ModelContext,
  type Plugin,
} from '@refold/core';

/** A network that a file of weights may belong to. */
export interface ModelCandidate {
  /** Package name of the plugin that describes it. */
  readonly plugin: string;
  readonly model: Model;
}

/** ImageNet's, which the published networks of the families were trained with. */
export const IMAGENET: NonNullable<ModelContext['normalization']> = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** Models need nothing of a run; what they may still read of the host is this. */
const HOST: Host = { emit: () => undefined, baseDir: '.', seed: 0 };

/**
 * Every model that the plugins can make without being told more than a name: the published variants. Of an option with a
 * few choices (a kind of block) each choice is a candidate of its own.
 */
export async function modelCandidates(
  plugins: readonly Plugin[],
): Promise<readonly ModelCandidate[]> {
  const candidates: ModelCandidate[] = [];
  for (const declared of collectProviders(plugins, optionsForSchema)) {
    const { point, provider } = declared;
    if (point.name !== Model.name || Object.keys(provider.needs ?? {}).length > 0) continue;
    for (const options of choicesOf(provider.options)) {
      for (const use of provider.use ?? []) {
        candidates.push(await createCandidate(declared, use, options));
      }
    }
  }
  return candidates;
}

/** One model of a provider. @param options parsed by its schema */
export async function createCandidate(
  { plugin, provider }: DeclaredProvider,
  use: string,
  options: unknown,
): Promise<ModelCandidate> {
  return { plugin, model: (await provider.create({ use, options, host: HOST })) as Model };
}

interface ChoiceSchema {
  safeParse(value: unknown): { success: boolean; data?: unknown };
  readonly shape?: Readonly<Record<string, { unwrap?: () => { options?: readonly unknown[] } }>>;
}

/** The default options, then those that differ from them in one choice. Nothing where some option has no default. */
function choicesOf(schema: unknown): readonly unknown[] {
  if (schema === undefined) return [{}];
  const { shape = {} } = schema as ChoiceSchema;
  const parse = (value: unknown): unknown => (schema as ChoiceSchema).safeParse(value).data;
  const usual = parse({});
  if (usual === undefined) return [];
  const choices: unknown[] = [usual];
  for (const [key, option] of Object.entries(shape)) {
    for (const choice of option.unwrap?.().options ?? []) {
      if ((usual as Record<string, unknown>)[key] !== choice)
        choices.push(parse({ [key]: choice }));
    }
  }
  return choices;
}
