import { attributesOf } from '../import/network-reader.js';
import type { LinearNode } from './linear-nodes.js';

/**
 * Channels of a region's root, as its nodes say them.
 *
 * @param known channels of values that the file tells
 * @returns undefined where nothing says it
 */
export function channelsOfRoot(
  root: string,
  members: readonly LinearNode[],
  known: (value: string) => number | undefined,
): number | undefined {
  const channels = new Map<string, number>();
  const note = (value: string, count: number | undefined): void => {
    if (count !== undefined && !channels.has(value)) channels.set(value, count);
  };
  for (const { inputs, output } of members)
    for (const one of [...inputs, output]) note(one, known(one));
  // Forwards and backwards in turn, until nothing is new.
  for (let before = -1; before !== channels.size;) {
    before = channels.size;
    for (const member of [...members, ...members.toReversed()]) spread(member, channels, note);
  }
  return channels.get(root);
}

function spread(
  { node, inputs, output, constants }: LinearNode,
  channels: ReadonlyMap<string, number>,
  note: (value: string, count: number | undefined) => void,
): void {
  const [input = ''] = inputs;
  if (node.opType === 'Conv') {
    const [out, perGroup = 0] = constants.get(1)!.shape;
    note(input, perGroup * attributesOf(node).int('group', 1));
    note(output, out);
    return;
  }
  if (node.opType === 'Concat') {
    const counts = inputs.map((one) => channels.get(one));
    const total = counts.reduce((sum, one) => (one === undefined ? sum : sum! + one), 0);
    if (!counts.includes(undefined)) note(output, total);
    return;
  }
  for (const { shape } of constants.values()) {
    const elements = shape.reduce((product, size) => product * size, 1);
    if (elements > 1 && node.opType !== 'Dropout') note(input, elements);
  }
  const all = [...inputs, output];
  const count = all.map((one) => channels.get(one)).find((one) => one !== undefined);
  for (const one of all) note(one, count);
}
