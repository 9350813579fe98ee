import { Dataset, type ConfigObject } from '@refold/core';
import type { LoadConfigOptions } from './load-config.js';
import type { OpenModel } from './open-model.js';
import type { Arguments } from './read-arguments.js';
import { storedConfig } from './stored-config.js';

type Given = Pick<Arguments, 'options' | 'flags'>;

/**
 * With which configuration a network is evaluated where no file is named: the one that its file brought along. A network of
 * another library brought none: then image folders are read, prepared as the network wants it.
 *
 * @param from folders from which plugins are resolved
 */
export async function evaluationData(
  model: OpenModel,
  { options }: Given,
  from: readonly string[],
): Promise<LoadConfigOptions> {
  if (model.config !== null || options.config !== undefined) {
    return { fallback: await storedConfig(model.config, from) };
  }
  const { crop, resize, interpolation } = model.preprocessing ?? {};
  const data: ConfigObject = {
    use: 'imagenet',
    ...(crop !== undefined && { resolution: crop, valResize: resize, interpolation }),
  };
  const plugin = '@refold/plugin-data-imagenet';
  return { needed: { point: Dataset, plugin, config: { data } } };
}

/** Flags that named the network of a file (`--model.depths`), which is open now, are nothing to a configuration without it. */
export function withoutModel<G extends Given>(given: G): G {
  if (given.options.config !== undefined) return given;
  const { model: _, ...value } = given.flags.tree.value;
  const { model: __, num_classes: ___, ...named } = given.flags.mindcv.value;
  const tree = { ...given.flags.tree, value };
  const mindcv = { ...given.flags.mindcv, value: named };
  return { ...given, flags: { ...given.flags, tree, mindcv } };
}
