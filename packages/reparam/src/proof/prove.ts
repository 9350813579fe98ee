import { InternalError } from '@refold/graph';
import type { FusionResult } from '../fuse.js';
import type { FusionProof, RegionProof } from './fusion-proof.js';
import {
  proveNetwork,
  proveNetworkOn,
  type NetworkRun,
  type WeightedGraph,
} from './prove-network.js';
import { proveRegion } from './prove-region.js';

export interface ProveOptions<Batch = never> {
  /** Random images per region, and for the whole network when `network` is absent. Default 2. */
  readonly probes?: number;
  /** Of the random images. Default 0. */
  readonly seed?: number;
  /** Measures the whole network on a device and real images; default: small random images in float64. */
  readonly network?: NetworkRun<Batch>;
}

/**
 * Measures that a fusion computes what the original computes: each region, and the whole network.
 *
 * @param original what was given to `fuse`
 * @returns the report of the fusion with the errors; compare it with {@link checkGate}
 */
export async function prove<Batch = never>(
  original: WeightedGraph,
  fusion: FusionResult,
  { probes = 2, seed = 0, network }: ProveOptions<Batch> = {},
): Promise<FusionProof> {
  const replacements = new Map(fusion.graph.nodes.map((node) => [node.name, node]));
  const regions: RegionProof[] = [];
  for (const region of fusion.report.regions) {
    const replacement = replacements.get(region.name);
    if (replacement?.op !== 'conv2d' && replacement?.op !== 'linear') {
      throw new InternalError(`The region '${region.name}' is not in the fused graph.`);
    }
    const { weights } = original;
    regions.push(proveRegion(region, replacement, weights, fusion.weights, { probes, seed }));
    // Timers and progress get their turn between regions.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    ...fusion.report,
    regions,
    network: network
      ? await proveNetworkOn(network)
      : proveNetwork(original, fusion, { probes, seed }),
  };
}
