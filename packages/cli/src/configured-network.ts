import { composeResolved, Dataset, Model, type ResolvedConfig, type RunScope } from '@refold/core';
import { isRefoldError, type Graph } from '@refold/graph';
import type { Io } from './io.js';
import type { Reporter } from './output/open-reporter.js';

/** A network that a configuration describes. */
export interface ConfiguredNetwork {
  /** `repvgg_a0` */
  readonly name: string;
  /** Train form, without loss. */
  readonly graph: Graph;
}

/** What a network is built for where its data cannot be asked: the pictures that these networks were published with. */
const IMAGENET = {
  classes: 1000,
  resolution: 224,
  channels: 3,
  normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

/**
 * The network of a configuration, without weights. Its data set says classes and image size; where that cannot be
 * opened (a recipe's data is on another machine), the configuration's `model.numClasses` and `data.resolution` do,
 * or ImageNet's, with a warning.
 *
 * @throws RefoldError `RF-PLAN-*`, `RF-CONFIG-*`, `RF-GRAPH-*`
 */
export async function configuredNetwork(
  io: Io,
  config: ResolvedConfig,
  report: Reporter,
): Promise<ConfiguredNetwork> {
  const scope = await composeResolved(config, { baseDir: io.cwd }).open(report.take);
  try {
    const model = await scope.get(Model);
    const numClasses = config.core.model.numClasses;
    const dataset = await openDataset(scope, report);
    if (dataset) {
      const { sample, normalization, classes } = dataset;
      const graph = model.build({
        ...{ sample, normalization },
        numClasses: numClasses ?? classes.length,
      });
      return { name: model.name, graph };
    }
    const { resolution } = (config.json['data'] ?? {}) as { resolution?: unknown };
    const side = typeof resolution === 'number' ? resolution : IMAGENET.resolution;
    const graph = model.build({
      numClasses: numClasses ?? IMAGENET.classes,
      sample: { channels: IMAGENET.channels, height: side, width: side },
      normalization: IMAGENET.normalization,
    });
    return { name: model.name, graph };
  } finally {
    await scope.close();
  }
}

async function openDataset(scope: RunScope, report: Reporter): Promise<Dataset | null> {
  try {
    return await scope.get(Dataset);
  } catch (error) {
    if (!isRefoldError(error) || !/^RF-(DATA-|PLAN-MISSING)/.test(error.code)) throw error;
    report.take({
      type: 'warned',
      code: error.code,
      message: `${error.parts.message} Classes and image size are those of the configuration, or ImageNet's.`,
    });
    return null;
  }
}
