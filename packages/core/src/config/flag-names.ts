/** Short names of flags for the commonest keys; every other key is a flag by its path (`--data.batchSize`). */
export const shortFlags: Readonly<Record<string, string>> = {
  model: 'model.use',
  'num-classes': 'model.numClasses',
  data: 'data.use',
  dataset: 'data.use',
  'data-dir': 'data.dir',
  'batch-size': 'data.batchSize',
  resolution: 'data.resolution',
  workers: 'data.workers',
  optimizer: 'optimizer.use',
  lr: 'rate.base',
  device: 'device.use',
  precision: 'device.precision',
};
