import { setTimeout } from 'node:timers/promises';
import type {
  Device,
  DeviceInfo,
  InferenceSession,
  InferenceUse,
  TrainingSession,
  TrainingUse,
} from '@refold/core';
import type { Graph } from '@refold/graph';
import { broadcastWeights } from './broadcast-weights.js';
import { canOverlap } from './can-overlap.js';
import { DistributedSession, GRACE_MS } from './distributed-session.js';
import { GradientLender } from './gradient-lender.js';
import { statisticsOf, type ReplicaSums } from './replica-sums.js';
import { RunningStatistics } from './running-statistics.js';

export interface DistributedOptions {
  /** Batch norms use the statistics of the global batch: n replicas then train exactly what one would. */
  readonly syncBatchNorm: boolean;
  /** How gradients travel. */
  readonly compression: 'none' | 'bfloat16';
}

/**
 * One replica of several: computes on `inner`, and averages gradients over the group. Adds ranks, not maths.
 * Loading a training session is a collective: all ranks begin with the weights of rank 0.
 *
 * @param group closed with the device
 */
export function distributedDevice(
  inner: Device,
  group: ReplicaSums,
  options: DistributedOptions,
): Device {
  return new DistributedDevice(inner, group, options);
}

class DistributedDevice implements Device {
  readonly info: DeviceInfo;
  readonly #sessions: DistributedSession[] = [];

  constructor(
    private readonly inner: Device,
    readonly group: ReplicaSums,
    private readonly options: DistributedOptions,
  ) {
    const { name, library } = inner.info;
    const replicas = `${group.size} replica${group.size === 1 ? '' : 's'}`;
    this.info = { ...inner.info, name: `distributed-${name}`, library: `${library}, ${replicas}` };
  }

  load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  async load(
    graph: Graph,
    use: InferenceUse | TrainingUse,
  ): Promise<InferenceSession | TrainingSession> {
    if (use.kind === 'inference') return this.inner.load(graph, use);
    const { inner, group, options } = this;
    const weights = await broadcastWeights(use.weights, group);
    const { syncBatchNorm: isSynchronised, compression } = options;
    const own = isSynchronised ? { statistics: statisticsOf(group) } : {};
    const lender = new GradientLender(group, compression === 'bfloat16');
    const gradientMemory = lender.lend;
    const loaded = await inner.load(graph, { ...use, weights, ...own, gradientMemory });
    const memory = await lender.memoryFor(loaded.gradients);
    const { isShared } = memory;
    const { threads } = inner.info;
    const session = new DistributedSession({
      ...{ inner: loaded, group, memory },
      accumulate: use.accumulate ?? 1,
      overlap: canOverlap({ isShared, hosts: group.hosts, threads }),
      statistics: isSynchronised ? null : new RunningStatistics(graph, group),
    });
    this.#sessions.push(session);
    return session;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.splice(0)) {
      await session.close();
      if (!session.isOver) return;
    }
    await this.inner.close();
    await Promise.race([this.group.close?.(), setTimeout(GRACE_MS, undefined, { ref: false })]);
  }
}
