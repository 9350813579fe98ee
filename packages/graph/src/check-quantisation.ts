import { badQuantisation } from './errors.js';
import type { Graph } from './graph.js';
import type { Quantisation, ValueQuantisation } from './quantisation.js';
import { tensorsOf } from './tensors-of.js';

const bounds = { uint8: [0, 255], int8: [-128, 127] } as const;

/**
 * That a quantisation is of this graph: its nodes and weights exist, every scale is a positive float32 number, every zero
 * point lies in the range of its dtype, and a weight has a scale for each output channel.
 *
 * @throws RefoldError `RF-GRAPH-QUANTISATION` naming the value or weight
 */
export function checkQuantisation(graph: Graph, { values, weights }: Quantisation): void {
  const names = new Set(graph.nodes.map(({ name }) => name));
  for (const [name, value] of Object.entries(values)) {
    if (!names.has(name)) throw badQuantisation(name, 'a node of the network', 'no such node');
    checkValue(name, value);
  }
  const layers = graph.nodes.filter(({ op }) => op === 'conv2d' || op === 'linear');
  const owned = new Set(layers.map(({ name }) => `${name}.weight`));
  const shapes = new Map(tensorsOf(graph).map(({ name, shape }) => [name, shape]));
  for (const [name, scales] of Object.entries(weights)) {
    if (!owned.has(name)) throw badQuantisation(name, 'the weight of a conv2d or linear', 'none');
    const channels = shapes.get(name)?.[0];
    if (scales.length !== channels)
      throw badQuantisation(name, `${channels ?? 0} scales`, `${scales.length}`);
    const bad = scales.find((scale) => !isScale(scale));
    if (bad !== undefined) throw badQuantisation(name, 'scales that are > 0', String(bad));
  }
}

function checkValue(name: string, { dtype, scale, zeroPoint }: ValueQuantisation): void {
  if (!isScale(scale)) throw badQuantisation(name, 'a scale > 0', String(scale));
  const [low, high] = bounds[dtype];
  if (!Number.isInteger(zeroPoint) || zeroPoint < low || zeroPoint > high)
    throw badQuantisation(name, `a zero point from ${low} to ${high}`, String(zeroPoint));
}

const isScale = (scale: number) =>
  scale > 0 && Number.isFinite(scale) && Math.fround(scale) === scale;
