import type { Model } from '@refold/core';
import type { RefoldFile } from '@refold/formats';
import { tensorsOf } from '@refold/graph';
import type { ImportSettings } from './import-settings.js';
import { candidateForm } from './candidate-forms.js';

/**
 * The model that describes a network, among those of the installed plugins: of its name, else one whose tensors are called
 * the same. Null where there is none.
 */
export function describingModel(
  { model, form, graph }: Pick<RefoldFile, 'model' | 'form' | 'graph'>,
  { candidates, options }: ImportSettings,
): Model | null {
  const names = tensorsOf(graph).map(({ name }) => name);
  const { crop, channels } = options.preprocessing;
  const sample = { channels, height: crop, width: crop };
  const ordered = [...candidates].sort(
    (a, b) => Number(b.model.name === model) - Number(a.model.name === model),
  );
  for (const candidate of ordered) {
    const { specs } = candidateForm(candidate, form, { sample });
    if (names.length === specs.size && names.every((name) => specs.has(name))) {
      return candidate.model;
    }
  }
  return null;
}
