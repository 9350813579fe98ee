import type { Graph } from '@refold/graph';
import type { FusibleRegion } from './region.js';

/**
 * Names of fused convolutions, by the region's output node: `<path>.reparam_conv`, as timm names them; of linear layers
 * `<path>.reparam_linear`. The path is the first of these that no other region claims and no node has:
 * 1. the block: the longest path that all nodes of the region and all readers of its value share, if no node of
 *    another region lies under it (`stages.0.1` for `stages.0.1.conv_kxk.0.{conv,bn}` read by `stages.0.1.act`);
 * 2. the longest path that the region's nodes share;
 * 3. the name of its first convolution or linear layer.
 */
export function nameRegions(
  regions: readonly FusibleRegion[],
  graph: Graph,
): ReadonlyMap<string, string> {
  const fused = new Map<string, string>();
  for (const { output, nodes } of regions) for (const { name } of nodes) fused.set(name, output);
  const taken = new Set(graph.nodes.map(({ name }) => name).filter((name) => !fused.has(name)));

  const proposals = regions.map((region) => ({ region, paths: pathsOf(region, graph, fused) }));
  const names = new Map<string, string>();
  for (let round = 0; names.size < regions.length; round++) {
    const open = proposals.filter(({ region }) => !names.has(region.output));
    const claims = open.map(({ region, paths }) =>
      nameUnder(paths[Math.min(round, paths.length - 1)]!, LAST[region.op], round, paths.length),
    );
    for (const [i, { region }] of open.entries()) {
      const claim = claims[i]!;
      const unique = claims.indexOf(claim) === claims.lastIndexOf(claim);
      if (!taken.has(claim) && unique) names.set(region.output, claim);
    }
    for (const name of names.values()) taken.add(name);
  }
  return names;
}

const LAST = { conv2d: 'reparam_conv', linear: 'reparam_linear' } as const;

/** After the last path, numbers. */
function nameUnder(path: string, last: string, round: number, rounds: number): string {
  const name = path === '' ? last : `${path}.${last}`;
  return round < rounds ? name : `${name}_${round - rounds + 2}`;
}

function pathsOf(
  { output, nodes }: FusibleRegion,
  graph: Graph,
  fused: ReadonlyMap<string, string>,
): readonly string[] {
  const common = nodes.map(({ name }) => parentOf(name)).reduce(commonPath);
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(output));
  const block = readers.map(({ name }) => parentOf(name)).reduce(commonPath, common);
  const alone = [...fused].every(([name, owner]) => owner === output || !isUnder(name, block));
  const firstConvolution = nodes.find(({ op }) => op === 'conv2d' || op === 'linear') ?? nodes[0]!;
  const paths = [common, firstConvolution.name];
  return block !== '' && alone ? [block, ...paths] : paths;
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

function isUnder(name: string, path: string): boolean {
  return name.startsWith(`${path}.`);
}

function commonPath(a: string, b: string): string {
  const [left, right] = [a.split('.'), b.split('.')];
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) length++;
  return left.slice(0, length).join('.');
}
