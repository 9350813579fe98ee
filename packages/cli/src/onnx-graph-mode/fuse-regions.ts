import type { OnnxRegion, Replacement } from '@refold/formats';
import { isRefoldError, type GraphNode } from '@refold/graph';
import { fuse, prove, type Left, type RegionProof } from '@refold/reparam';

/** What fusing the regions of a model comes to, before it is written. */
export interface FusedOnnxRegions {
  readonly replacements: readonly Replacement[];
  /** Of each replacement, in the same order. */
  readonly proofs: readonly RegionProof[];
  readonly left: readonly Left[];
  readonly notes: readonly string[];
}

export interface FuseOnnxOptions {
  /** Random images per region, and for the whole network. Default 2. */
  readonly probes?: number;
  /** Of the random images. Default 0. */
  readonly seed?: number;
  /** As in `fuse`. */
  readonly allowMoreMacs?: boolean;
}

/**
 * Fuses each region by itself and measures the result on random images. A region that cannot be fused, or not without more
 * multiply-adds, or whose weights are damaged, stays as it is and is told among what is left.
 */
export async function fuseOnnxRegions(
  regions: readonly OnnxRegion[],
  { probes = 2, seed = 0, allowMoreMacs = false }: FuseOnnxOptions = {},
): Promise<FusedOnnxRegions> {
  const replacements: Replacement[] = [];
  const proofs: RegionProof[] = [];
  const left: Left[] = [];
  const notes: string[] = [];
  for (const region of regions) {
    const { graph, weights, valuesOf, convolutions } = region;
    try {
      const fusion = fuse(graph, weights, { allowMoreMacs });
      left.push(...fusion.report.left);
      notes.push(...fusion.report.notes);
      // The whole network is measured as it is, not region by region once more.
      const network = { batches: [], run: () => Promise.reject(new Error()) };
      const proof = await prove({ graph, weights }, fusion, { probes, seed, network });
      const nodes = new Map(fusion.graph.nodes.map((node) => [node.name, node]));
      for (const [i, { name, region: part }] of fusion.report.regions.entries()) {
        // A factor and a shift are cheaper as they are than as a convolution.
        if (!part.nodes.some((node) => convolutions.has(node.name))) continue;
        const convolution = nodes.get(name);
        const inputs = valuesOf.get(part.root);
        const outputs = valuesOf.get(part.output);
        if (convolution?.op !== 'conv2d' || !inputs || !outputs) {
          left.push({ name, reason: 'it is a part of a sum of several terms' });
          continue;
        }
        const tensor = (suffix: string) => fusion.weights.get(`${name}.${suffix}`)!;
        const label = blockName(part.nodes);
        replacements.push({
          ...{ name: label, inputs, outputs, attrs: convolution.attrs },
          ...{ weight: tensor('weight'), bias: tensor('bias') },
        });
        proofs.push({ ...proof.regions[i]!, name: label });
      }
    } catch (error) {
      if (!isRefoldError(error) || !error.code.startsWith('RF-FUSE-')) throw error;
      left.push({ name: region.output, reason: error.parts.message });
    }
  }
  return { replacements, proofs, left, notes };
}

/** `<block>.reparam_conv`: the block is the longest path that the nodes with weights share, or the first of them. */
function blockName(nodes: readonly GraphNode[]): string {
  const layers = nodes.filter(({ op }) => op === 'conv2d' || op === 'batch_norm');
  const paths = layers.map(({ name }) => name.split('.').slice(0, -1));
  const [first = []] = paths;
  const differs = first.findIndex((part, i) => paths.some((path) => path[i] !== part));
  const shared = differs === -1 ? first : first.slice(0, differs);
  const path = shared.length > 0 ? shared.join('.') : (layers[0] ?? nodes[0]!).name;
  return `${path}.reparam_conv`;
}
