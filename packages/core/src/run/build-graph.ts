import type { Graph } from '@refold/graph';
import type { Dataset } from '../points/dataset.js';
import type { Model } from '../points/model.js';

/**
 * The train form of a model for a data set: its input takes the data set's bytes and normalises them.
 *
 * @param numClasses from the configuration; null takes the data set's
 */
export function buildGraph(model: Model, dataset: Dataset, numClasses: number | null): Graph {
  return model.build({
    numClasses: numClasses ?? dataset.classes.length,
    sample: dataset.sample,
    normalization: dataset.normalization,
  });
}
