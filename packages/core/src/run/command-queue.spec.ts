import { expect, it } from '@jest/globals';
import type { ReplicaGroup } from '../points/device.js';
import { CommandQueue } from './command-queue.js';
import { singleReplica } from './single-replica.js';

/** The sums of a group in which others were told `others`. */
const groupWith = (others: readonly number[]): ReplicaGroup => ({
  ...{ ...singleReplica, size: 2 },
  allReduceSum: async (values) => values.forEach((value, i) => (values[i] = value + others[i]!)),
});

it('takes over what another replica was told', async () => {
  const queue = new CommandQueue();
  queue.add('validate');
  await queue.agree(groupWith([1, 0, 0]));
  expect(queue.stopping).toBe(true);
  expect(queue.take('checkpoint')).toBe(false);
  expect(queue.take('validate')).toBe(true);
});

it('asks nobody where there is one replica', async () => {
  const queue = new CommandQueue();
  await queue.agree({ ...singleReplica, allReduceSum: () => Promise.reject(new Error('asked')) });
  expect(queue.stopping).toBe(false);
});

it('keeps what is asked while replicas agree for the next time: others do not know of it yet', async () => {
  const queue = new CommandQueue();
  const group = groupWith([0, 0, 0]);
  const meanwhile: ReplicaGroup = {
    ...group,
    allReduceSum: async (values) => {
      queue.add('stop');
      await group.allReduceSum(values);
    },
  };
  await queue.agree(meanwhile);
  expect(queue.stopping).toBe(false);
  await queue.agree(group);
  expect(queue.stopping).toBe(true);
});
