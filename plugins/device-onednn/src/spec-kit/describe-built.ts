import { describe, it } from '@jest/globals';
import { probeOnednn } from '../probe-onednn.js';

/** Tests that need the addon; without it one skipped test that says why. */
export function describeBuilt(title: string, body: () => void): void {
  const { usable, reason } = probeOnednn();
  if (usable) describe(title, body);
  else describe(title, () => it.skip(`onednn: ${reason}`, () => undefined));
}
