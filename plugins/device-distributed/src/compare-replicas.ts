import type { Callback, ReplicaGroup } from '@refold/core';
import { replicasDiffer } from './errors.js';
import { weightsChecksum } from './weights-checksum.js';

/**
 * After every epoch makes sure that all replicas hold the same weights, statistics and slots, bit by bit: they get the
 * same sums, so that anything else is broken memory, another library or a bug, and would spoil the run unseen.
 */
export function compareReplicas(group: ReplicaGroup): Callback {
  return {
    name: 'compare-replicas',
    async epochEnded(run, epoch) {
      if (group.size === 1) return;
      const { tensors } = await run.state();
      const own = weightsChecksum(tensors);
      const all = Float64Array.from({ length: group.size }, (_, rank) =>
        rank === group.rank ? own : 0,
      );
      await group.allReduceSum(all);
      const others = [...all.keys()].filter((rank) => all[rank] !== all[0]);
      if (others.length > 0) throw replicasDiffer(epoch, others);
    },
  };
}
