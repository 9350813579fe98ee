import type { ConfigTree } from './config-tree.js';
import type { ConfigWarning } from './config-warning.js';
import { pluginOfUse } from './known-plugins.js';
import { mindcvKeys } from './mindcv-keys.js';
import { MindcvOptions } from './mindcv-options.js';
import { originText } from './origin.js';

export interface FromMindcv {
  readonly tree: ConfigTree;
  readonly warnings: readonly ConfigWarning[];
}

export interface FromMindcvOptions {
  readonly defaults: boolean;
  /** Names that the command line puts in place of the file's; they decide which plugins are listed. */
  readonly model?: unknown;
  readonly dataset?: unknown;
}

/**
 * Translates MindCV's flat options into our configuration. Every value keeps its origin, and its origin keeps
 * MindCV's name for it. MindcvOptions that change training and do not exist here warn as `RF-CONFIG-NOT-SUPPORTED`,
 * those that mean nothing here as `RF-CONFIG-NO-MEANING`; both by name.
 *
 * With `defaults` (a whole file) MindCV's defaults fill what the file does not name, and the plugins are listed;
 * without (flags over a file of ours) only what was given is translated.
 *
 * @throws RefoldError `RF-CONFIG-UNKNOWN-KEY` for a name that MindCV does not have
 */
export function fromMindcv(
  flat: ConfigTree,
  { defaults, model, dataset }: FromMindcvOptions,
): FromMindcv {
  const options = new MindcvOptions(flat, defaults);
  const warnings = Object.keys(flat.value).flatMap((name) => noticeOf(name, options));
  for (const [name, key] of Object.entries(mindcvKeys)) {
    if (key.as === 'value') options.put(key.path, name, options.get(name));
  }
  translateModel(options, model ?? options.get('model'));
  translateRun(options);
  translateData(options);
  translateOptimizer(options, warnings);
  translateSchedule(options);
  if (defaults) {
    const names = [model ?? options.get('model'), dataset ?? options.get('dataset')].map(String);
    options.put('plugins', undefined, pluginsOf(names[0] as string, names[1] as string));
    options.put('rate.scaling', 'lr', 'none');
    warnings.push(rateNotice(options));
  }
  return { tree: { value: options.value, origins: options.origins }, warnings };
}

function noticeOf(name: string, options: MindcvOptions): ConfigWarning[] {
  const key = mindcvKeys[name];
  const value = options.get(name);
  if (key?.as !== 'ignored' && key?.as !== 'unsupported') return [];
  const fine = key.as === 'ignored' ? (key.quiet ?? []) : key.off;
  if (fine.includes(value)) return [];
  const [code, what] =
    key.as === 'ignored'
      ? ['RF-CONFIG-NO-MEANING', 'has no meaning here']
      : ['RF-CONFIG-NOT-SUPPORTED', 'changes training and is not supported here'];
  const where = originText(options.originOf(name));
  return [{ code, message: `'${name}: ${JSON.stringify(value)}' (${where}) ${what}: ${key.why}.` }];
}

function translateModel(options: MindcvOptions, model: unknown): void {
  const dropRate = options.get('drop_rate');
  if (!none(dropRate) && dropRate !== 0) options.put('model.dropRate', 'drop_rate', dropRate);
  // MindCV starts BN at 1 and 0; our RepVGG starts as timm's unless told otherwise.
  const isRepvgg = options.defaults && typeof model === 'string' && model.startsWith('repvgg');
  if (isRepvgg) options.put('model.batchNormInit', 'model', 'one');
}

function translateRun(options: MindcvOptions): void {
  const during = options.get('val_while_train');
  const interval = options.get('val_interval');
  if (during === false) options.put('validateEvery', 'val_while_train', 0);
  else options.put('validateEvery', 'val_interval', interval ?? (during === true ? 1 : undefined));

  const checkpoint = options.get('ckpt_path');
  if (checkpoint !== undefined && checkpoint !== '' && checkpoint !== null) {
    options.put(options.get('resume_opt') === true ? 'resume' : 'weights', 'ckpt_path', checkpoint);
  }
}

function translateData(options: MindcvOptions): void {
  const dataset = options.get('dataset');
  options.put('data.use', 'dataset', dataset === '' ? 'imagenet' : dataset);
  const samples = options.get('num_samples');
  if (!none(samples)) options.put('data.numSamples', 'num_samples', samples);
  // MindCV jitters colours only where it does not AutoAugment.
  const augmented = !none(options.get('auto_augment')) && !options.given('color_jitter');
  const jitter = augmented ? 0 : options.get('color_jitter');
  options.put(
    'data.colorJitter',
    'color_jitter',
    none(jitter) && jitter !== undefined ? 0 : jitter,
  );
  for (const name of ['mean', 'std']) {
    const values = options.get(name);
    const bytes = Array.isArray(values) && values.every((one) => typeof one === 'number');
    options.put(`data.${name}`, name, bytes ? values.map(ofByte) : values);
  }
}

function translateOptimizer(options: MindcvOptions, warnings: ConfigWarning[]): void {
  const opt = options.get('opt');
  const momentum = options.get('momentum');
  const nesterov = options.get('use_nesterov');
  const adaptive = typeof opt === 'string' && !['sgd', 'momentum', 'nesterov'].includes(opt);
  if (adaptive) {
    options.put('optimizer.use', 'opt', opt);
    options.put('optimizer.eps', 'eps', options.get('eps'));
  } else {
    // Both of MindCV's 'sgd' and 'momentum' have momentum; ours are told apart by name.
    const plain = opt === 'sgd' && momentum === 0;
    const use = opt === 'nesterov' || nesterov === true ? 'nesterov' : plain ? 'sgd' : 'momentum';
    if (opt !== undefined || nesterov === true) {
      options.put('optimizer.use', opt === undefined ? 'use_nesterov' : 'opt', use);
    }
    if (!plain) options.put('optimizer.momentum', 'momentum', momentum);
  }
  const filter = options.get('weight_decay_filter');
  const ours: Readonly<Record<string, string>> = {
    disable: 'none',
    norm_and_bias: 'norm-and-bias',
    auto: 'norm-and-bias',
  };
  if (filter === 'auto') {
    warnings.push({
      code: 'RF-CONFIG-NO-MEANING',
      message: `'weight_decay_filter: auto' (${originText(options.originOf('weight_decay_filter'))}) leaves the choice to MindSpore, which does not decay norms; here neither norms nor biases decay.`,
    });
  }
  options.put(
    'optimizer.weightDecayFilter',
    'weight_decay_filter',
    typeof filter === 'string' ? (ours[filter] ?? filter) : filter,
  );
}

/** Our schedule by MindCV's, with those of MindCV's options that it uses. */
const SCHEDULES: Readonly<
  Record<string, { readonly schedule: string; readonly uses: readonly string[] }>
> = {
  cosine_decay: { schedule: 'cosine', uses: ['min_lr', 'decay_epochs'] },
  warmup_cosine_decay: { schedule: 'cosine', uses: ['min_lr', 'decay_epochs'] },
  polynomial_decay: { schedule: 'polynomial', uses: ['min_lr', 'decay_epochs'] },
  step_decay: { schedule: 'step', uses: ['decay_epochs', 'decay_rate'] },
  multi_step_decay: { schedule: 'multi-step', uses: ['multi_step_decay_milestones', 'decay_rate'] },
  constant: { schedule: 'constant', uses: [] },
};

function translateSchedule(options: MindcvOptions): void {
  const scheduler = options.get('scheduler');
  const known = typeof scheduler === 'string' ? SCHEDULES[scheduler] : undefined;
  options.put('rate.schedule', 'scheduler', known?.schedule ?? scheduler);
  const details = ['min_lr', 'decay_epochs', 'decay_rate', 'multi_step_decay_milestones'];
  for (const name of details) {
    const path = mindcvKeys[name];
    if (!path || !('path' in path) || path.path === undefined) continue;
    if (!known || known.uses.includes(name)) options.put(path.path, name, options.get(name));
  }
}

/** The plugins that a MindCV file needs: its data set's, its model's, and what MindCV always does. */
function pluginsOf(model: string, dataset: string): readonly string[] {
  return [
    pluginOfUse('model', model) ?? 'model-repvgg',
    dataset === 'mnist' ? 'data-mnist' : 'data-imagenet',
    'optimizers',
    'lr-schedules',
    'lr-scaling',
    'checkpoint',
    'checkpoint-fusion',
    'progress',
  ];
}

function rateNotice(options: MindcvOptions): ConfigWarning {
  return {
    code: 'RF-CONFIG-RATE',
    message: `'lr' (${originText(options.originOf('lr'))}) is used as it is, as MindCV does. MindCV's recipes were tuned for several cards (RepVGG: 8 × batch 32); to scale the rate to your global batch give --rate.scaling linear --rate.referenceGlobalBatch 256.`,
  };
}

function none(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 'None';
}

/** From 0–255 to 0–1, without the dust of the division. */
function ofByte(value: number): number {
  return Number((value / 255).toPrecision(12));
}
