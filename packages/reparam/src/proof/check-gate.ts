import { overTolerance } from '../errors.js';
import type { FusionProof } from './fusion-proof.js';

export interface Gate {
  /** Largest relative error of a region. Default 1e-5. */
  readonly region?: number;
  /** Largest relative error of the network's answers. Default 1e-4. */
  readonly network?: number;
}

/** DESIGN §11. */
export const DEFAULT_GATE = { region: 1e-5, network: 1e-4 } as const;

/**
 * Lets a proof through, or fails; NaN fails.
 *
 * @throws RefoldError `RF-FUSE-TOLERANCE` (exit code 3) naming the five worst regions
 */
export function checkGate(proof: Pick<FusionProof, 'regions' | 'network'>, gate: Gate = {}): void {
  const { region = DEFAULT_GATE.region, network = DEFAULT_GATE.network } = gate;
  const within = (error: number, limit: number): boolean => error <= limit;
  if (
    proof.regions.every(({ maxRelError }) => within(maxRelError, region)) &&
    within(proof.network.maxRelError, network)
  ) {
    return;
  }
  const severity = (error: number): number => (Number.isNaN(error) ? Infinity : error);
  const worst = proof.regions
    .toSorted((a, b) => severity(b.maxRelError) - severity(a.maxRelError))
    .slice(0, 5);
  throw overTolerance(worst, proof.network.maxRelError, { region, network });
}
