import { expect, it } from '@jest/globals';
import { networkOf, nodesUpTo } from './scaling-options.js';

it.each([
  ['25Gb', 25e9 / 8, 0.04],
  ['800Mb/s', 1e8, 0.04],
  ['100Gbps,5us', 100e9 / 8, 0.005],
  ['1gb, 0.2ms', 1e9 / 8, 0.2],
])('reads the network %s', (text, bandwidth, latencyMs) => {
  expect(networkOf(text)).toEqual({ bandwidth, latencyMs });
});

it.each(['fast', '25', '25GB', '0Gb', '25Gb,5'])('refuses the network %s', (text) => {
  expect(() => networkOf(text)).toThrow(expect.objectContaining({ code: 'RF-USAGE-FLAG-VALUE' }));
});

it('doubles up to the number of nodes asked for', () => {
  expect(nodesUpTo('1')).toEqual([1]);
  expect(nodesUpTo('8')).toEqual([1, 2, 4, 8]);
  expect(nodesUpTo('6')).toEqual([1, 2, 4, 6]);
  expect(() => nodesUpTo('none')).toThrow(expect.objectContaining({ code: 'RF-USAGE-FLAG-VALUE' }));
});
