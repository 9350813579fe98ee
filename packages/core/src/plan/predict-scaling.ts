/** One step of one replica, measured. */
export interface MeasuredStep {
  readonly forwardMs: number;
  readonly backwardMs: number;
  readonly updateMs: number;
  /** Bytes of each gradient bucket, in the order in which backward finishes them. */
  readonly bucketBytes: readonly number[];
}

export interface Network {
  /** Of one link, in bytes per second. */
  readonly bandwidth: number;
  /** Time of a message without content, in milliseconds: α. */
  readonly latencyMs: number;
}

export interface ScalingPrediction {
  readonly nodes: number;
  readonly stepMs: number;
  /** All communication of a step, overlapped or not. */
  readonly communicationMs: number;
  /** What of it nothing hides. */
  readonly waitingMs: number;
  /** Share of the images per second that `nodes` times one node would train. */
  readonly efficiency: number;
}

/**
 * Time of one all-reduce on a ring of n nodes by the α–β model: 2 (n − 1) messages of 1/n of the bytes each (Thakur,
 * Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH, 2005, §4.5; the additions are
 * left out).
 */
export function ringAllReduceMs(bytes: number, nodes: number, network: Network): number {
  if (nodes === 1) return 0;
  const messages = 2 * (nodes - 1);
  return messages * (network.latencyMs + (1000 * bytes) / nodes / network.bandwidth);
}

/**
 * A step on several nodes. Buckets are taken to be finished evenly along the backward pass, and are exchanged one after
 * the other as soon as they are; a single bucket is exchanged after the pass. The update follows the last.
 */
export function predictScaling(
  step: MeasuredStep,
  nodes: number,
  network: Network,
): ScalingPrediction {
  const { forwardMs, backwardMs, updateMs, bucketBytes } = step;
  const computed = forwardMs + backwardMs;
  let free = 0;
  let communicationMs = 0;
  bucketBytes.forEach((bytes, i) => {
    const finished = forwardMs + (backwardMs * (i + 1)) / bucketBytes.length;
    const takes = ringAllReduceMs(bytes, nodes, network);
    communicationMs += takes;
    free = Math.max(free, finished) + takes;
  });
  const waitingMs = Math.max(0, free - computed);
  const stepMs = computed + waitingMs + updateMs;
  return {
    ...{ nodes, stepMs, communicationMs, waitingMs },
    efficiency: (computed + updateMs) / stepMs,
  };
}
