import { describe, it } from '@jest/globals';
import { addonPath } from '../native/addon-path.js';

/** Tests that need the addon; without it one skipped test that says why. */
export function describeBuilt(title: string, body: () => void): void {
  if (addonPath() !== null) describe(title, body);
  else
    describe(title, () => it.skip('needs the addon: run `refold setup onednn`', () => undefined));
}
