import type { Graph } from '@refold/graph';
import { tooFewClasses } from '../plan/errors.js';
import type { Dataset } from '../points/dataset.js';
import type { Model } from '../points/model.js';

/**
 * The train form of a model for a data set: its input takes the data set's bytes and normalises them.
 *
 * @param numClasses from the configuration; null takes the data set's
 * @throws RefoldError `RF-PLAN-CLASSES` when the data has more classes than that
 */
export function buildGraph(model: Model, dataset: Dataset, numClasses: number | null): Graph {
  if (numClasses !== null && numClasses < dataset.classes.length) {
    throw tooFewClasses(numClasses, dataset.classes.length);
  }
  return model.build({
    numClasses: numClasses ?? dataset.classes.length,
    sample: dataset.sample,
    normalization: dataset.normalization,
  });
}
