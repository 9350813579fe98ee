import type { Device } from '@refold/core';

/** What each part of the device kit declares its tests with. */
export interface DeviceKit {
  /** A test with a fresh device and a fresh reference; both are closed at its end. */
  test(title: string, body: (device: Device, reference: Device) => Promise<void>): void;
  describe(title: string, body: () => void): void;
  /** Relative, in the 2-norm of a tensor. */
  readonly tolerance: { readonly inference: number; readonly training: number };
}
