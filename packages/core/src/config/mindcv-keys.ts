import { isMapping, type ConfigObject } from './config-tree.js';
import { coreSections, coreTopLevel } from './core-schema.js';

/** What one of MindCV's options means here. */
export type MindcvKey =
  /** A value of ours under another name. */
  | { readonly as: 'value'; readonly path: string; readonly fallback?: unknown }
  /** Several of MindCV's options make one of ours; `from-mindcv.ts` puts them together. */
  | { readonly as: 'combined'; readonly fallback?: unknown; readonly path?: string }
  /** Says how MindCV runs, not what it trains; nothing to do here. Fine at `quiet`, told otherwise. */
  | { readonly as: 'ignored'; readonly quiet?: readonly unknown[]; readonly why: string }
  /** Changes training and does not exist here yet. Fine when `off`. */
  | { readonly as: 'unsupported'; readonly off: readonly unknown[]; readonly why: string }
  /** A detail of an unsupported option; the option itself is told. */
  | { readonly as: 'detail' };

const value = (path: string, fallback?: unknown): MindcvKey =>
  fallback === undefined ? { as: 'value', path } : { as: 'value', path, fallback };
const combined = (fallback?: unknown, path?: string): MindcvKey => ({
  as: 'combined',
  ...(fallback !== undefined && { fallback }),
  ...(path !== undefined && { path }),
});
const ignored = (why: string, ...quiet: readonly unknown[]): MindcvKey => ({
  as: 'ignored',
  why,
  quiet,
});
const unsupported = (why: string, ...off: readonly unknown[]): MindcvKey => ({
  as: 'unsupported',
  why,
  off: [null, '', 'None', ...off],
});
const detail: MindcvKey = { as: 'detail' };

/**
 * Every option of MindCV (facts/repvgg.md §3) with MindCV's default where a file that does not name it means
 * something else than our own default does. Source of names and defaults: mindspore-lab/mindcv, config.py.
 */
export const mindcvKeys: Readonly<Record<string, MindcvKey>> = {
  mode: ignored('graph or eager mode is a matter of MindSpore'),
  distribute: ignored('one process trains, on one machine', false),
  device_target: ignored('the device is chosen with device.use'),
  seed: value('seed', 42),
  val_while_train: combined(false, 'validateEvery'),
  val_interval: combined(1, 'validateEvery'),
  log_interval: value('progress.everySteps', 100),
  bind_core: ignored('it belongs to msrun'),
  worker_num: ignored('it belongs to msrun; one process trains', 1),
  local_worker_num: ignored('it belongs to msrun', 1),

  dataset: combined('imagenet', 'data.use'),
  data_dir: value('data.dir'),
  train_split: value('data.trainSplit', 'train'),
  val_split: value('data.valSplit', 'val'),
  dataset_download: ignored('data sets are not downloaded', false),
  num_parallel_workers: value('data.workers'),
  shuffle: value('data.shuffle', true),
  num_samples: combined(null, 'data.numSamples'),
  batch_size: value('data.batchSize', 128),
  drop_remainder: unsupported('the last partial batch of an epoch is always dropped', true),
  eval_shuffle: ignored('validation goes in order; its result is the same', false),

  image_resize: value('data.resolution', 224),
  scale: value('data.scale', [0.08, 1]),
  ratio: value('data.ratio', [0.75, 1.333]),
  hflip: value('data.hflip', 0.5),
  vflip: value('data.vflip', 0),
  color_jitter: combined(0.4, 'data.colorJitter'),
  interpolation: value('data.interpolation', 'bilinear'),
  crop_pct: value('data.cropPct', 0.875),
  mean: combined(undefined, 'data.mean'),
  std: combined(undefined, 'data.std'),
  auto_augment: unsupported('images are not AutoAugmented'),
  aug_splits: unsupported('augmentation is not split', 0),
  aug_repeats: unsupported('augmentation is not repeated', 0, 1),
  re_prob: unsupported('nothing is erased at random', 0),
  re_scale: detail,
  re_ratio: detail,
  re_value: detail,
  re_max_attempts: detail,
  mixup: unsupported('images are not mixed', 0),
  cutmix: unsupported('images are not cut and mixed', 0),
  cutmix_prob: detail,

  model: value('model.use'),
  num_classes: value('model.numClasses'),
  in_channels: ignored('the data set says how many channels there are', 3),
  pretrained: unsupported('give a file in weights instead', false),
  drop_rate: combined(null, 'model.dropRate'),
  drop_path_rate: unsupported('no paths are dropped', 0),
  ckpt_path: combined(undefined, 'weights'),
  resume_opt: combined(false, 'resume'),
  keep_checkpoint_max: value('checkpoint.keep', 10),
  ckpt_save_dir: value('outputDir', './ckpt'),
  ckpt_save_interval: value('checkpoint.everyEpochs', 1),
  ckpt_save_policy: ignored(
    'the newest checkpoints and the best are kept',
    'latest_k',
    'top_k',
    null,
  ),
  epoch_size: value('epochs', 90),
  dataset_sink_mode: ignored('sinking data is a matter of MindSpore'),
  ema: unsupported('no moving average of the weights is kept', false),
  ema_decay: detail,
  clip_grad: unsupported('gradients are not clipped', false),
  clip_value: detail,
  layer_decay: unsupported('all layers have one learning rate'),
  gradient_accumulation_steps: value('data.accumulate', 1),

  opt: combined('adam', 'optimizer.use'),
  momentum: combined(0.9, 'optimizer.momentum'),
  use_nesterov: combined(false, 'optimizer.use'),
  weight_decay: value('optimizer.weightDecay', 1e-6),
  weight_decay_filter: combined('disable', 'optimizer.weightDecayFilter'),
  eps: combined(undefined, 'optimizer.eps'),

  scheduler: combined('cosine_decay', 'rate.schedule'),
  lr: value('rate.base', 0.001),
  min_lr: combined(1e-6, 'rate.minimum'),
  warmup_epochs: value('rate.warmupEpochs', 3),
  warmup_factor: value('rate.warmupFactor', 0),
  decay_epochs: combined(100, 'rate.decayEpochs'),
  decay_rate: combined(0.9, 'rate.decayRate'),
  multi_step_decay_milestones: combined([30, 60, 90], 'rate.milestones'),
  lr_epoch_stair: unsupported('the rate changes with every step', false),
  num_cycles: unsupported('the schedule has one cycle', 1),
  cycle_decay: detail,

  loss: unsupported('cross-entropy is the loss', 'CE', 'ce'),
  label_smoothing: value('loss.labelSmoothing', 0),
  aux_factor: unsupported('there is no auxiliary loss', 0),
  reduction: unsupported('the loss is the mean over the batch', 'mean'),

  amp_level: ignored('the network computes in float32', 'O0'),
  val_amp_level: ignored('the network computes in float32', 'O0'),
  amp_cast_list: detail,
  loss_scale_type: ignored('float32 needs no loss scale'),
  loss_scale: ignored('float32 needs no loss scale', 1),
  dynamic_loss_scale: ignored('float32 needs no loss scale', false),
  drop_overflow_update: ignored('float32 needs no loss scale', false),
};

/** Names that mean true and false to MindCV, whatever YAML thinks of them. */
export const mindcvBooleans: ReadonlySet<string> = new Set([
  'distribute',
  'val_while_train',
  'dataset_download',
  'shuffle',
  'drop_remainder',
  'eval_shuffle',
  'pretrained',
  'resume_opt',
  'dataset_sink_mode',
  'ema',
  'clip_grad',
  'use_nesterov',
  'lr_epoch_stair',
  'dynamic_loss_scale',
  'drop_overflow_update',
  'bind_core',
]);

/** Our path for one of MindCV's names, or undefined. */
export function mindcvPath(name: string): string | undefined {
  const key = Object.hasOwn(mindcvKeys, name) ? mindcvKeys[name] : undefined;
  return key && 'path' in key ? key.path : undefined;
}

/** True for a flat file that uses at least one name that only MindCV has, and none of our sections. */
export function isMindcv(value: ConfigObject): boolean {
  const keys = Object.keys(value);
  const ours = keys.some((key) => isMapping(value[key]) || key === 'plugins');
  const theirs = keys.some(
    (key) =>
      Object.hasOwn(mindcvKeys, key) &&
      !Object.hasOwn(coreSections, key) &&
      !Object.hasOwn(coreTopLevel.shape, key),
  );
  return theirs && !ours;
}
