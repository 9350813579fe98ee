import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { addonCandidates, addonPath, builtPath, prebuiltPath } from './addon-path.js';
import { loadFirst } from './load-addon.js';

const folder = mkdtempSync(join(tmpdir(), 'refold-onednn-'));
afterAll(() => rmSync(folder, { recursive: true }));
const missing = join(folder, 'missing.node');
const broken = join(folder, 'broken.node');
writeFileSync(broken, 'no library');

describe('the addon', () => {
  it('is looked for where it is built, then where it is shipped', () => {
    expect(addonCandidates({})).toEqual([builtPath(), prebuiltPath()]);
    const { platform, arch } = process;
    expect(prebuiltPath()).toMatch(
      new RegExp(`device-onednn/prebuilds/${platform}-${arch}/refold-onednn\\.node$`),
    );
  });

  it('is the one that REFOLD_ONEDNN_ADDON names, and none with REFOLD_ONEDNN=no', () => {
    expect(addonPath({ REFOLD_ONEDNN_ADDON: broken })).toBe(broken);
    expect(addonPath({ REFOLD_ONEDNN_ADDON: missing })).toBeNull();
    expect(addonCandidates({ REFOLD_ONEDNN: 'No', REFOLD_ONEDNN_ADDON: broken })).toEqual([]);
  });

  it('that is not there is refused by code, with the places looked at and the command', () => {
    const places = { message: expect.stringContaining(missing) };
    const how = { message: expect.stringContaining('refold setup onednn') };
    const load = () => loadFirst([missing]);
    expect(load).toThrow(expect.objectContaining({ code: 'RF-ONEDNN-NOT-BUILT', ...places }));
    expect(load).toThrow(expect.objectContaining(how));
    expect(() => loadFirst([])).toThrow(expect.objectContaining({ code: 'RF-ONEDNN-NOT-BUILT' }));
  });

  it('that does not load is refused by code, with the reason', () => {
    const expected = {
      code: 'RF-ONEDNN-NOT-LOADABLE',
      message: expect.stringMatching(/broken\.node: .+/),
    };
    expect(() => loadFirst([missing, broken])).toThrow(expect.objectContaining(expected));
  });
});
