import {
  composeResolved,
  Dataset,
  Device,
  evaluateSplit,
  type InferenceSession,
  type Split,
} from '@refold/core';
import { writeModelFile } from '@refold/formats';
import { shapesOf, type Graph, type Quantisation } from '@refold/graph';
import {
  calibrate,
  layerErrors,
  planQuantisation,
  quantise,
  type CalibrationMethod,
  type LayerError,
  type QuantisationPlan,
} from '@refold/quantise';
import { classMap, withMappedLabels } from '../class-map.js';
import { wouldReplaceInput } from '../errors.js';
import { evaluationData, withoutModel } from '../evaluation-data.js';
import { isSameFile } from '../fuse-and-prove.js';
import type { Io } from '../io.js';
import { loadConfig, pluginFolders } from '../load-config.js';
import { openModel, type OpenModel } from '../open-model.js';
import type { Reporter } from '../output/open-reporter.js';
import type { Arguments } from '../read-arguments.js';
import { importSettings } from '../recognise/import-settings.js';
import { firstOfSplit } from './first-of-split.js';
import { referenceSession } from './reference-session.js';

export interface QuantiseJob {
  /** Absolute. */
  readonly input: string;
  readonly output: string;
  /** Names the data, or what the file's own configuration lacks. */
  readonly given: Arguments;
  readonly method: CalibrationMethod;
  readonly calibrationImages: number;
  /** Layers that stay float32. */
  readonly keepFloat: readonly string[];
  /** Validation images to compare on; null: all. */
  readonly images: number | null;
  readonly report: Reporter;
}

/** What `refold quantise --json` prints. */
export interface QuantiseDocument {
  readonly input: string;
  readonly output: string;
  readonly method: CalibrationMethod['kind'];
  readonly percentile: number | null;
  readonly calibrationImages: number;
  /** Validation images behind `top1`. */
  readonly images: number;
  /** In percent, in float32 and in eight bits. */
  readonly top1: { readonly before: number; readonly after: number };
  /** Of every stored value and the logits; `sqnrDb` is null (JSON knows no infinity) where nothing differs. */
  readonly layers: readonly LayerError[];
  readonly float: QuantisationPlan['float'];
  readonly device: string;
  /** What computed in eight bits: the device, or the reference in JavaScript where it has none. */
  readonly int8: 'device' | 'reference';
}

/** Values of a whole network are many: few images at a time. */
const OBSERVED_BATCH = 8;
const BATCH = 32;
/** Images behind the errors of layers. */
const LAYER_IMAGES = 32;

/**
 * Calibrates a fused network on training images, writes it with its quantisation, and measures what that costs. A train
 * form is fused first. The weights in the file stay float32.
 *
 * @throws RefoldError `RF-FILE-*`, `RF-QUANTISE-*`, `RF-CLI-SAME-FILE`, `RF-CLI-CLASSES`
 */
export async function quantiseAndMeasure(io: Io, job: QuantiseJob): Promise<QuantiseDocument> {
  const { input, output, given, method, keepFloat, report } = job;
  if (isSameFile(input, output)) throw wouldReplaceInput('--output', input);
  const model = await openModel(input, 'fused', () => importSettings(io, given));
  const plan = planQuantisation(model.graph, keepFloat);
  const data = await evaluationData(model, given, pluginFolders(io));
  const config = await loadConfig(io, withoutModel(given), data);
  for (const warning of config.warnings) report.take({ type: 'warned', ...warning });
  const scope = await composeResolved(config, { baseDir: io.cwd }).open(report.take);
  try {
    const dataset = await scope.get(Dataset);
    const device = await scope.get(Device);
    // Before anything is computed: classes that do not go together cannot be measured.
    const [outputs = 0] = shapesOf(model.graph).get(model.graph.output) ?? [];
    const map = classMap(dataset.classes, model.classes, outputs);
    const known = firstOfSplit(dataset.calibration ?? dataset.train, job.calibrationImages);
    const ranges = await calibrate(model.graph, {
      batches: () => known.batches(planOf(OBSERVED_BATCH)),
      load: (graph) => loadFloat(device, model, graph, OBSERVED_BATCH),
      ...{ method, keepFloat },
    });
    const quantisation = quantise(model.graph, model.weights, ranges, { keepFloat });
    const unseen = firstOfSplit(dataset.validation, job.images ?? Infinity);
    const labelled = withMappedLabels(unseen, map);
    const loadInt8 = (graph: Graph, size: number) =>
      loadQuantised(device, model, quantisation, graph, size);
    const few = firstOfSplit(unseen, LAYER_IMAGES);
    const document: QuantiseDocument = {
      ...{ input, output, method: method.kind },
      percentile: method.kind === 'percentile' ? method.percent : null,
      ...{ calibrationImages: known.size, images: unseen.size },
      top1: {
        before: await top1(labelled, device, await loadFloat(device, model, model.graph, BATCH)),
        after: await top1(labelled, device, await loadInt8(model.graph, BATCH)),
      },
      layers: await layerErrors(model.graph, quantisation, {
        batches: () => few.batches(planOf(OBSERVED_BATCH)),
        loadFloat: (graph) => loadFloat(device, model, graph, OBSERVED_BATCH),
        loadQuantised: (graph) => loadInt8(graph, OBSERVED_BATCH),
      }),
      ...{ float: plan.float, device: device.info.name },
      int8: hasInt8(device) ? 'device' : 'reference',
    };
    await writeModelFile(output, {
      ...{ ...model, kind: 'model', form: 'fused', position: null, quantisation },
    });
    return document;
  } finally {
    await scope.close();
  }
}

const planOf = (batchSize: number) => ({ batchSize, seed: 0, epoch: 0, rank: 0, replicas: 1 });

const hasInt8 = (device: Device) => device.info.precisions.includes('int8');

function loadFloat(device: Device, { weights }: OpenModel, graph: Graph, batchSize: number) {
  return device.load(graph, { kind: 'inference', batchSize, precision: 'float32', weights });
}

function loadQuantised(
  device: Device,
  { weights }: OpenModel,
  quantisation: Quantisation,
  graph: Graph,
  batchSize: number,
): Promise<InferenceSession> {
  if (!hasInt8(device)) return Promise.resolve(referenceSession(graph, weights, quantisation));
  const use = { kind: 'inference', batchSize, precision: 'int8', weights, quantisation } as const;
  return device.load(graph, use);
}

async function top1(split: Split, { group }: Device, session: InferenceSession): Promise<number> {
  const infer: InferenceSession['infer'] = (batch) => session.infer(batch);
  const evaluation = await evaluateSplit({ split, batchSize: BATCH, group, infer });
  await session.close();
  return evaluation.top1;
}
