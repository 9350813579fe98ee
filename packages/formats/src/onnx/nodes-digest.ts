import { createHash } from 'node:crypto';

/**
 * SHA-256 over the nodes of a graph as they are written, hexadecimal. It stands in what Refold writes and tells whether
 * another program has changed the network since, so that the graph in the metadata is believed only while it is true.
 *
 * @param nodes each node's message, in pieces
 */
export function nodesDigest(nodes: Iterable<readonly Uint8Array[]>): string {
  const hash = createHash('sha256');
  for (const pieces of nodes) {
    hash.update(`${pieces.reduce((sum, { length }) => sum + length, 0)}\n`);
    for (const piece of pieces) hash.update(piece);
  }
  return hash.digest('hex');
}
