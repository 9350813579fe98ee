import type { Device } from '@refold/core';
import { batchTests } from './device-kit/batch-tests.js';
import type { DeviceKit } from './device-kit/device-kit.js';
import { dropTests } from './device-kit/drop-tests.js';
import { lifeTests } from './device-kit/life-tests.js';
import { opTests } from './device-kit/op-tests.js';
import { stateTests } from './device-kit/state-tests.js';
import { trainingTests } from './device-kit/training-tests.js';
import { fakeDevice } from './fakes/fake-device.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface DeviceKitOptions extends KitOptions {
  /** Relative, in the 2-norm of a tensor. Defaults: inference 1e-5, training (losses, gradients, values) 1e-4. */
  readonly tolerance?: { readonly inference?: number; readonly training?: number };
}

/**
 * Conformance kit for devices. Every op forward against the float64 `evaluate` of @refold/graph; gradients, updates and
 * BN statistics against `fakeDevice`, whose gradients are held to central differences; update rules that use every
 * operation; accumulation, buckets, exact reading, writing and resuming, drop-out, batches, errors and closing.
 * Tiny shapes: about a hundred tests, each with a device of its own.
 *
 * @param name shown in the titles
 * @param make makes a fresh device; the kit closes it
 */
export function describeDevice(
  name: string,
  make: () => Device | Promise<Device>,
  options: DeviceKitOptions = {},
): void {
  const { describe, it } = frameworkOf(options.framework);
  const kit: DeviceKit = {
    tolerance: { inference: 1e-5, training: 1e-4, ...options.tolerance },
    describe: (title, body) => void describe(title, body),
    test: (title, body) =>
      void it(title, async () => {
        const device = await make();
        try {
          await body(device, fakeDevice());
        } finally {
          await device.close();
        }
      }),
  };

  describe(`${name} as a Device`, () => {
    for (const part of [opTests, batchTests, trainingTests, dropTests, stateTests, lifeTests])
      part(kit);
  });
}
