import type { GraphNode } from '@refold/graph';
import { nodeMacs, type RegionView } from './find-regions.js';
import type { FusibleRegion } from './region.js';

/** One step of the fused network: a region become a convolution, or a node kept as it is. */
export interface Unit {
  /** The node, or the last of the region. */
  readonly node: GraphNode;
  readonly region?: FusibleRegion;
}

export interface PlanOptions {
  /**
   * Fuse also where one convolution costs more multiply-adds than what it replaces (a depthwise and a pointwise
   * convolution become a dense one). Default false: such regions are cut where that costs least.
   */
  readonly allowMoreMacs?: boolean;
}

/** Compared in order: multiply-adds, number of units, batch norms and scales cut from what precedes them. */
type Cost = readonly [number, number, number];

/** Units needed for a value, by node, as far back as ops are linear. */
type Closure = ReadonlyMap<string, Unit>;

/**
 * Chooses which regions become convolutions: those with which the network has the fewest multiply-adds, among
 * equals the fewest nodes, among equals those that keep a batch norm with the convolution before it.
 * Dynamic programming over the nodes in order; what a value costs is counted over the set of units that it
 * needs, so shared values count once. Regions overlap only in nodes that nothing else uses, so no work is done twice.
 *
 * @returns the units of the fused network in graph order
 */
export function planUnits(
  view: RegionView,
  { allowMoreMacs = false }: PlanOptions = {},
): readonly Unit[] {
  const best = new Map<string, Unit>();
  const closures = new Map<string, Closure>();

  for (const node of view.graph.nodes) {
    const plain: Unit = { node };
    const found = view.regions.get(node.name);
    if (!found) {
      best.set(node.name, plain);
      closures.set(node.name, new Map());
      continue;
    }
    let choice = plain;
    let closure = closureOf(plain, closures);
    if (found.candidates.length > 0) {
      let lowest = costOf(closure, view);
      for (const candidate of found.candidates) {
        if (!candidate.fusible) continue;
        const unit: Unit = { node, region: candidate.result };
        const reached = closureOf(unit, closures);
        const cost = costOf(reached, view);
        if (lower(cost, lowest, allowMoreMacs)) [choice, closure, lowest] = [unit, reached, cost];
      }
    }
    best.set(node.name, choice);
    closures.set(node.name, closure);
  }
  return needed(view, best);
}

/** Node names whose values a unit reads. */
export function inputsOf(unit: Unit): readonly string[] {
  return unit.region ? [unit.region.root] : unit.node.inputs;
}

function closureOf(unit: Unit, closures: ReadonlyMap<string, Closure>): Closure {
  const closure = new Map<string, Unit>();
  for (const input of inputsOf(unit)) {
    for (const [name, inner] of closures.get(input)!) closure.set(name, inner);
  }
  return closure.set(unit.node.name, unit);
}

function costOf(closure: Closure, view: RegionView): Cost {
  let macs = 0;
  let cuts = 0;
  for (const { node, region } of closure.values()) {
    macs += region ? region.fusedMacs : nodeMacs(node, view.shapes);
    if (!region || !view.regions.has(region.root)) continue;
    for (const { op, inputs } of region.nodes) {
      if ((op === 'batch_norm' || op === 'scale') && inputs[0] === region.root) cuts += 1;
    }
  }
  return [macs, closure.size, cuts];
}

function lower(a: Cost, b: Cost, allowMoreMacs: boolean): boolean {
  for (const i of allowMoreMacs ? ([1, 0, 2] as const) : ([0, 1, 2] as const)) {
    if (a[i] !== b[i]) return a[i] < b[i];
  }
  return false;
}

/** Units that the output and the loss need. */
function needed({ graph, nodes }: RegionView, best: ReadonlyMap<string, Unit>): readonly Unit[] {
  const wanted = new Set([
    'input',
    graph.output,
    ...(graph.loss === undefined ? [] : [graph.loss]),
  ]);
  for (const name of wanted) for (const input of inputsOf(best.get(name)!)) wanted.add(input);
  return [...nodes.keys()].filter((name) => wanted.has(name)).map((name) => best.get(name)!);
}
