import type { Graph } from '@refold/graph';

/**
 * The node whose value an integer layer makes: itself, or the relu that alone reads it, whose bend is then part of the
 * layer's clamp. Nothing is rounded between the two.
 *
 * @param isStored whether a node's value is stored in eight bits: such a value is made, whoever reads it
 */
export function layerResult(
  graph: Graph,
  layer: string,
  isStored: (name: string) => boolean,
): string {
  if (isStored(layer) || layer === graph.output) return layer;
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(layer));
  const [reader] = readers;
  return readers.length === 1 && reader?.op === 'relu' ? reader.name : layer;
}
