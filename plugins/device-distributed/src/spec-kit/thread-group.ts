import type { ReplicaSums, SharedFloats } from '../replica-sums.js';

type Values = Float32Array | Float64Array;

interface Meeting {
  /** By rank. */
  readonly values: Values[];
  readonly leave: (() => void)[];
}

/**
 * Replicas in one thread, for specs: a collective is carried out when all have called it.
 *
 * @param options.shares whether they share memory
 */
export function threadGroup(size: number, { shares = false } = {}): readonly ReplicaSums[] {
  const meetings: Meeting[] = [];
  return Array.from({ length: size }, (_, rank): ReplicaSums => {
    let turn = 0;
    const meet = (values: Values, act: (all: readonly Values[]) => void) =>
      new Promise<readonly Values[]>((resolve) => {
        const meeting = (meetings[turn++] ??= { values: [], leave: [] });
        meeting.values[rank] = values;
        if (meeting.leave.push(() => resolve(meeting.values)) < size) return;
        act(meeting.values);
        for (const leave of meeting.leave) leave();
      });
    const share = (floats: number): Promise<SharedFloats> => {
      const own = new Float32Array(floats);
      const sums: Promise<unknown>[] = [];
      let pending = 0;
      const add = (from: number, to: number) => {
        pending += to - from;
        sums.push(meet(own.subarray(from, to), sumUp).then(() => (pending -= to - from)));
        return Promise.resolve();
      };
      const finish = async () => void (await Promise.all(sums.splice(0)));
      return Promise.resolve({
        ...{ own, add, finish },
        pending: () => pending,
        release: () => undefined,
      });
    };
    return {
      ...{ rank, size },
      allReduceSum: async (values) => void (await meet(values, sumUp)),
      allReduceSumCompressed: async (values) => void (await meet(values, sumUp)),
      broadcast: async (values, root) =>
        void (await meet(values, (all) => all.forEach((to) => to.set(all[root]!)))),
      barrier: async () => void (await meet(new Float64Array(0), () => undefined)),
      async gather(values, root) {
        const own = Float64Array.from(values);
        const meeting = await meet(own, () => undefined);
        return rank === root ? (meeting as readonly Float64Array[]) : [];
      },
      ...(shares && { share }),
      sumBlocking() {
        throw new Error('Replicas of one thread cannot wait for each other.');
      },
    };
  });
}

function sumUp(all: readonly Values[]): void {
  const total = Float64Array.from(all[0]!);
  for (const values of all.slice(1)) values.forEach((value, i) => (total[i]! += value));
  for (const values of all) values.set(total);
}
