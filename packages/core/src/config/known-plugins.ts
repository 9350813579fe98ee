/**
 * What Refold's own plugins answer to, so that an error can say which plugin is missing from the list.
 * Only a help for messages: the plugins' schemas decide what is valid.
 */
const OWN_PLUGINS: readonly {
  readonly plugin: string;
  readonly section: string;
  /** Beginnings of the names that `use` chooses it by. */
  readonly uses?: readonly string[];
  /** Keys of a section that several plugins share; absent: every key. */
  readonly keys?: readonly string[];
}[] = [
  { plugin: 'model-repvgg', section: 'model', uses: ['repvgg'], keys: [] },
  { plugin: 'model-mobileone', section: 'model', uses: ['mobileone'], keys: [] },
  { plugin: 'model-resnet', section: 'model', uses: ['resnet', 'acnet_', 'dbb_'], keys: [] },
  { plugin: 'model-repghost', section: 'model', uses: ['repghost'], keys: [] },
  { plugin: 'model-repvit', section: 'model', uses: ['repvit'], keys: [] },
  { plugin: 'model-fastvit', section: 'model', uses: ['fastvit'], keys: [] },
  { plugin: 'data-imagenet', section: 'data', uses: ['imagenet'], keys: [] },
  { plugin: 'data-mnist', section: 'data', uses: ['mnist'], keys: [] },
  {
    plugin: 'optimizers',
    section: 'optimizer',
    uses: ['sgd', 'momentum', 'nesterov', 'adamw'],
    keys: ['momentum', 'weightDecay', 'weightDecayFilter', 'betas', 'eps'],
  },
  {
    plugin: 'lr-schedules',
    section: 'rate',
    keys: [
      'schedule',
      'warmupEpochs',
      'warmupFactor',
      'minimum',
      'decayEpochs',
      'decayRate',
      'milestones',
      'power',
    ],
  },
  { plugin: 'lr-scaling', section: 'rate', keys: ['scaling', 'referenceGlobalBatch'] },
  { plugin: 'checkpoint', section: 'checkpoint' },
  { plugin: 'checkpoint-fusion', section: 'fusion' },
  { plugin: 'progress', section: 'progress' },
  { plugin: 'device-tfjs', section: 'device', uses: ['tfjs', 'wasm', 'cpu'], keys: [] },
  {
    plugin: 'device-distributed',
    section: 'device',
    uses: ['distributed'],
    keys: ['syncBatchNorm', 'compression', 'timeoutMs'],
  },
  { plugin: 'device-onednn', section: 'device', uses: ['onednn'], keys: [] },
];

/** The plugin of ours that a key of a section belongs to. @param key undefined: the section as a whole */
export function pluginOfKey(section: string, key: string | undefined): string | undefined {
  return OWN_PLUGINS.find(
    (own) =>
      own.section === section &&
      (own.keys === undefined || (key !== undefined && own.keys.includes(key))),
  )?.plugin;
}

/** The plugin of ours that provides a name of `use`. */
export function pluginOfUse(section: string, use: string): string | undefined {
  return OWN_PLUGINS.find(
    (own) => own.section === section && own.uses?.some((start) => use.startsWith(start)),
  )?.plugin;
}
