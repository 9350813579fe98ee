import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fixtureBytes } from '../spec-kit/fixtures.js';
import { outcomeOf } from '../spec-kit/outcome-of.js';

const FILES = [
  ...['kinds.pth', 'kinds-legacy.pth', 'kinds-deflated.pth', 'views-legacy.pth', 'checkpoint.pth'],
  ...['script.pt', 'arrays-deflated.npz', 'odd.npz', 'fortran.npy', 'kinds.ckpt', 'split.ckpt'],
  ...['kinds.safetensors', 'sharded/model.safetensors.index.json'],
];

describe.each(FILES)('damage to %s', (name) => {
  const good = fixtureBytes(name);

  it('is answered by a RefoldError at every length', async () => {
    // The end of a MindSpore checkpoint is no different from that of a value: there is no saying how many were meant.
    const mayEnd = name.endsWith('.ckpt');
    // Every byte of small files; of longer ones every seventh, for time's sake.
    for (let length = 0; length < good.length; length += good.length < 4000 ? 1 : 7) {
      const outcome = await outcomeOf(good.slice(0, length));
      if (!mayEnd || outcome !== 'read')
        expect([length, outcome]).toEqual([length, expect.stringMatching(/^RF-FILE-/)]);
    }
  });

  it('is answered by content or a RefoldError wherever bytes change', async () => {
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const bad = Uint8Array.from(good);
        for (const [at, value] of changes) bad[at] = value;
        expect(await outcomeOf(bad)).toMatch(/^(read|RF-FILE-[A-Z-]+)$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('arbitrary bytes behind the head of a format', () => {
  const HEADS: Record<string, string> = {
    'a zip': '504b0304',
    'a legacy file': '80028a0a6cfc9c46f9206aa850192e80024de9032e',
    'a pickle': '8004',
    npy: '934e554d505901007600',
    MindSpore: '0a200a0177121b0801',
    JSON: '7b227765696768745f6d6170223a',
  };
  it.each(Object.keys(HEADS))('are refused or read: %s', async (kind) => {
    const head = Buffer.from(HEADS[kind]!, 'hex');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (rest) => {
        const bytes = new Uint8Array(Buffer.concat([head, rest]));
        expect(await outcomeOf(bytes)).toMatch(/^(read|RF-FILE-[A-Z-]+)$/);
      }),
      { numRuns: 300 },
    );
  });
});
