export { createProvided, type CreateProvidedOptions } from './create-provided.js';
export { describeCallback, type CallbackKitOptions } from './describe-callback.js';
export { describeDataset, type DatasetKitOptions } from './describe-dataset.js';
export { describeDevice, type DeviceKitOptions } from './describe-device.js';
export {
  describeLearningRatePolicy,
  type LearningRatePolicyKitOptions,
} from './describe-learning-rate-policy.js';
export { describeImageReader, type ImageReaderKitOptions } from './describe-image-reader.js';
export { describeModel, type ModelKitOptions } from './describe-model.js';
export { describeOptimizer, type OptimizerKitOptions } from './describe-optimizer.js';
export * from './evaluate-rule.js';
export { fakeDataset, type FakeDataset, type FakeDatasetOptions } from './fakes/fake-dataset.js';
export { fakeDevice, type FakeDevice, type FakeDeviceOptions } from './fakes/fake-device.js';
export { fakeHost, type FakeHost } from './fakes/fake-host.js';
export { fakeRunContext, type FakeRunContext } from './fakes/fake-run-context.js';
export { tinyGraph, tinyModel, tinySample, type TinyGraphOptions } from './fakes/tiny-graph.js';
export { runKit, type KitResult } from './framework/run-kit.js';
export type { KitOptions, TestFramework } from './framework/test-framework.js';
export { readFloatTensors } from './read-float-tensors.js';
export { readReferenceNetwork, type ReferenceNetwork } from './read-reference-network.js';
export { relativeError } from './relative-error.js';
export { sharedFolder } from './shared-folder.js';
export { opCases, type OpCase } from './device-kit/op-cases.js';
export { kitBatch, kitWeights, type KitBatchOptions } from './device-kit/kit-data.js';
