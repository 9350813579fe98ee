import type { ReplicaGroup, TrainingSession } from '@refold/core';
import { tensorsOf, type Graph, type NamedTensors } from '@refold/graph';

/** Makes the running statistics of all replicas equal: to their mean. Parameters are equal anyhow. */
export class RunningStatistics {
  readonly #names: readonly string[];

  constructor(
    graph: Graph,
    private readonly group: ReplicaGroup,
  ) {
    this.#names = tensorsOf(graph)
      .filter(({ kind }) => kind === 'buffer')
      .map(({ name }) => name);
  }

  /** A collective. */
  async average(session: TrainingSession): Promise<void> {
    if (this.#names.length === 0) return;
    const state = await session.read();
    const own = this.#names.map((name) => [name, state.get(name)!] as const);
    const flat = new Float64Array(own.reduce((sum, [, { data }]) => sum + data.length, 0));
    let offset = 0;
    for (const [, { data }] of own) {
      flat.set(data, offset);
      offset += data.length;
    }
    await this.group.allReduceSum(flat);
    offset = 0;
    const means: NamedTensors = new Map(
      own.map(([name, { shape, data }]) => {
        const part = flat.subarray(offset, (offset += data.length));
        return [name, { shape, data: Float32Array.from(part, (sum) => sum / this.group.size) }];
      }),
    );
    await session.write(means);
  }
}
