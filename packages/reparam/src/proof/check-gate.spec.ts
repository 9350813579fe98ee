import { describe, expect, it } from '@jest/globals';
import { checkGate, type Gate } from './check-gate.js';

/** A proof with these relative errors. */
const proofOf = (regions: readonly number[], network = 0) => ({
  regions: regions.map((maxRelError, i) => ({
    name: `block${i}`,
    ops: [],
    maxAbsError: 0,
    maxRelError,
  })),
  network: { maxAbsError: 0, maxRelError: network, top1Agreement: 1, samples: 1 },
});

/** Where the error says which regions were worst. */
function receivedFrom(...proof: Parameters<typeof proofOf>): string | undefined {
  try {
    checkGate(proofOf(...proof));
  } catch (error) {
    return (error as { parts: { received: string } }).parts.received;
  }
  return undefined;
}

describe('checkGate', () => {
  const table: readonly (readonly [string, number[], number, Gate, boolean])[] = [
    ['at both limits', [1e-5, 1e-5], 1e-4, {}, true],
    ['nothing fused', [], 0, {}, true],
    ['one region over', [0, 1.1e-5], 0, {}, false],
    ['network over', [0], 1.1e-4, {}, false],
    ['region NaN', [NaN], 0, {}, false],
    ['network NaN', [0], NaN, {}, false],
    ['region infinite', [Infinity], 0, {}, false],
    ['within a wider gate', [1e-3], 1e-2, { region: 1e-3, network: 1e-2 }, true],
    ['over a narrower one for regions only', [1e-6], 1e-6, { region: 1e-7 }, false],
    ['over a narrower one for the network only', [1e-6], 1e-6, { network: 1e-7 }, false],
  ];
  it.each(table)('%s', (_, regions, network, gate, passes) => {
    const check = expect(() => checkGate(proofOf(regions, network), gate));
    if (passes) check.not.toThrow();
    else check.toThrow(expect.objectContaining({ code: 'RF-FUSE-TOLERANCE', exitCode: 3 }));
  });

  it('names the five worst regions, NaN before all, and the network', () => {
    const received = receivedFrom([1e-2, 1e-7, 3e-2, NaN, 2e-2, 1e-6, 5e-6], 0.5);
    expect(received).toBe(
      'block3 NaN, block2 3.00e-2, block4 2.00e-2, block0 1.00e-2, block6 5.00e-6, whole network 5.00e-1',
    );
  });
});
