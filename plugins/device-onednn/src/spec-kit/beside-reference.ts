import { afterAll, beforeAll } from '@jest/globals';
import type { Device } from '@refold/core';
import { fakeDevice } from '@refold/testing';
import { onednnDevice } from '../onednn-device.js';

/** The device and the reference that it is compared with: open while the tests of the suite around run. */
export function besideReference(): { readonly device: Device; readonly reference: Device } {
  let device: Device;
  const reference = fakeDevice();
  beforeAll(() => {
    device = onednnDevice();
  });
  afterAll(async () => {
    await device.close();
    await reference.close();
  });
  return {
    get device() {
      return device;
    },
    reference,
  };
}
