import {
  Device,
  loadPlugins,
  mergeConfig,
  Model,
  Optimizer,
  pluginNames,
  readConfigFile,
  resolveConfig,
  type ConfigObject,
  type Plugin,
} from '@refold/core';
import type { CommonOptions } from '../common-options.js';
import { valueDoesNotFit } from '../errors.js';
import { withImpliedPlugins } from '../implied-plugins.js';
import type { Io } from '../io.js';
import { pluginFolders } from '../load-config.js';
import { formOf, wholeNumber, workOf } from '../option-values.js';
import { pointsOf } from '../points-of.js';
import type { Arguments } from '../read-arguments.js';
import type { BenchmarkJob, BenchmarkWork } from './benchmark-row.js';

export interface BenchmarkOptions extends CommonOptions {
  readonly model?: string;
  readonly form?: string;
  readonly work?: string;
  readonly batchSize?: string;
  readonly resolution?: string;
  readonly precision?: string;
  readonly device?: string;
  readonly steps: string;
  readonly warmup: string;
}

type Section = ConfigObject & { readonly use?: string };

/**
 * The rows that were asked for. Model, optimizer, device, batch size and resolution come from the options, then from
 * the configuration; plugins that it does not list are added for models, optimizers and devices.
 *
 * @throws RefoldError `RF-USAGE-FLAG-VALUE`, `RF-CONFIG-*`, `RF-PLUGIN-*`
 */
export async function benchmarkJobs(
  io: Io,
  { options, flags }: Arguments<BenchmarkOptions>,
): Promise<readonly BenchmarkJob[]> {
  const kinds = kindsOf(options, options.precision === 'int8');
  const steps = wholeNumber('--steps', options.steps, 1);
  const warmup = wholeNumber('--warmup', options.warmup, 0);
  const { config } = options;
  const sources =
    config === undefined ? { flags } : { file: await readConfigFile(config, io.cwd), flags };
  const tree = mergeConfig(sources).tree;
  const from = pluginFolders(io, config);
  const { names, plugins } = await partsOf(pluginNames(tree), from);
  const section = (name: string): Section => (tree.value[name] ?? {}) as Section;
  const data = section('data') as { batchSize?: number; resolution?: number };
  const models = options.model?.split(',') ?? [section('model').use ?? 'repvgg_a0'];
  const { device, precision } = options;
  const parts = {
    optimizer: { ...DEFAULT_OPTIMIZER, ...section('optimizer') },
    device: {
      ...section('device'),
      ...(device && { use: device }),
      ...(precision && { precision }),
    },
  };
  return models.flatMap((use) => {
    const own = { ...parts, model: { ...section('model'), use } };
    // What does not fit is told here, before the first row is measured.
    const numClasses = resolveConfig({ object: own, plugins }).core.model.numClasses ?? 1000;
    return kinds.map((kind) => ({
      ...{ plugins: names, from, baseDir: io.cwd, config: own, numClasses },
      ...kind,
      batchSize: wholeNumber('--batch-size', options.batchSize ?? String(data.batchSize ?? 32), 1),
      resolution: wholeNumber(
        '--resolution',
        options.resolution ?? String(data.resolution ?? 224),
        1,
      ),
      ...{ steps, warmup },
    }));
  });
}

const DEFAULT_OPTIMIZER = { use: 'momentum' };

/**
 * Training has the train form alone; inference has both unless one was asked for. In eight bits there is only inference of
 * the fused form.
 */
function kindsOf(
  options: BenchmarkOptions,
  isInt8: boolean,
): readonly Pick<BenchmarkJob, 'form' | 'work'>[] {
  const form = formOf(options.form) ?? (isInt8 ? 'fused' : null);
  const work = workOf(options.work) ?? (form === 'fused' ? 'inference' : 'training');
  if (isInt8 && form === 'train')
    throw valueDoesNotFit('--form', 'fused: int8 is of fused networks', 'train');
  if (form === 'fused' && work === 'training')
    throw valueDoesNotFit('--form', 'train: the fused form cannot be trained', 'fused');
  const works: readonly BenchmarkWork[] = work === 'all' ? ['training', 'inference'] : [work];
  return works.flatMap((one) => {
    const forms = (['train', 'fused'] as const).filter((each) => form === null || each === form);
    return forms
      .filter((each) => one === 'inference' || each === 'train')
      .map((each) => ({ form: each, work: one }));
  });
}

/** The listed plugins that have a part in measuring, and ours for what they leave out. */
async function partsOf(
  listed: readonly string[],
  from: readonly string[],
): Promise<{ readonly names: readonly string[]; readonly plugins: readonly Plugin[] }> {
  const parts: { readonly name: string; readonly plugin: Plugin }[] = [];
  const provided = new Set<string>();
  const add = async (name: string): Promise<void> => {
    const [plugin] = await loadPlugins([name], { from });
    const points = plugin ? pointsOf(plugin) : [];
    if (!plugin || !points.some((point) => NEEDED.includes(point))) return;
    parts.push({ name, plugin });
    for (const point of points) provided.add(point);
  };
  for (const name of withImpliedPlugins(listed, from)) await add(name);
  const ours = [
    ...(provided.has(Model.name) ? [] : OUR_MODELS),
    ...(provided.has(Optimizer.name) ? [] : ['optimizers']),
  ];
  for (const name of ours) await add(name);
  return { names: parts.map(({ name }) => name), plugins: parts.map(({ plugin }) => plugin) };
}

const NEEDED: readonly string[] = [Model.name, Optimizer.name, Device.name];

/** Where no plugin of the configuration has models, those of ours are there. */
const OUR_MODELS = ['repvgg', 'mobileone', 'resnet', 'repghost', 'repvit', 'fastvit'].map(
  (family) => `model-${family}`,
);
