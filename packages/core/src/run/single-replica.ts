import type { ReplicaGroup } from '../points/device.js';

/** A group of one: what devices that do not communicate have. */
export const singleReplica: ReplicaGroup = Object.freeze({
  rank: 0,
  size: 1,
  allReduceSum: () => Promise.resolve(),
  broadcast: () => Promise.resolve(),
  gather: (values: Float64Array) => Promise.resolve([values]),
  barrier: () => Promise.resolve(),
});
