import type { Graph, NamedTensors, Quantisation, UpdateRule } from '@refold/graph';
import { definePoint } from '../plugin/extension-point.js';
import type { ImageBatch, LabelledBatch } from './dataset.js';

/** `int8` is of inference alone, and of networks with a quantisation. */
export type Precision = 'float32' | 'bfloat16' | 'int8';

export interface DeviceInfo {
  /** Name under which configurations choose it (`tfjs-node`). */
  readonly name: string;
  /** Library that computes, with its version (`TensorFlow 2.21.0`). */
  readonly library: string;
  readonly threads: number;
  /** Memory it may use, in bytes; absent where unknown. */
  readonly memoryBytes?: number;
  readonly precisions: readonly Precision[];
  /**
   * That sessions say what was compiled (`compiled`): `refold plan` then loads one to show it. Absent on devices that
   * interpret the graph op by op.
   */
  readonly compiles?: true;
}

/**
 * The processes that train together. Every method is a collective: all ranks call it, in the same order.
 * The arrays given are changed in place.
 */
export interface ReplicaGroup {
  readonly rank: number;
  readonly size: number;
  allReduceSum(values: Float32Array | Float64Array): Promise<void>;
  /** Copies the root's values to every rank. */
  broadcast(values: Float32Array | Float64Array, root: number): Promise<void>;
  /** Every rank's values, by rank, on the root; an empty list elsewhere. */
  gather(values: Float64Array, root: number): Promise<readonly Float64Array[]>;
  barrier(): Promise<void>;
}

/**
 * Sums over the replicas in the middle of a pass, for synchronised batch normalisation: the statistics of a batch norm
 * are then those of the global batch. Every replica has the same number of images.
 */
export interface StatisticsGroup {
  readonly size: number;
  /**
   * Replaces the values by their sums over all replicas. Blocks the calling thread until every replica has asked for the
   * same sum: devices ask in the order of their operations, which is the same everywhere.
   */
  sum(values: Float64Array): void;
}

export interface TrainingUse {
  readonly kind: 'training';
  /** Largest number of images `backward` will be given. */
  readonly batchSize: number;
  readonly precision: Precision;
  readonly updateRule: UpdateRule;
  /** Parameters and BN statistics at the start, complete; copied, the caller keeps them. */
  readonly weights: NamedTensors;
  /** Drives dropout and drop_path. */
  readonly seed: number;
  /** Calls of `backward` before each `update`. Default 1. */
  readonly accumulate?: number;
  /** Batch norms use the statistics of the global batch. Default: each replica its own. */
  readonly statistics?: StatisticsGroup;
  /**
   * Lends memory for the gradients of all buckets, of at least so many floats: a device that keeps them in the host's
   * memory, in one block, asks once while it loads. Null: none to lend. The memory stays valid until the session is closed;
   * buckets that are borrowed lie in it then, in their order. Other devices do not ask.
   */
  readonly gradientMemory?: (floats: number) => Promise<Float32Array | null>;
}

export interface InferenceUse {
  readonly kind: 'inference';
  readonly batchSize: number;
  readonly precision: Precision;
  /** float32 in every precision. */
  readonly weights: NamedTensors;
  /** How values and weights are stored in eight bits; needed for `int8`, and ignored by the others. */
  readonly quantisation?: Quantisation | undefined;
}

/** Row-major `[images, classes]`; owned by the receiver. */
export interface Logits {
  readonly images: number;
  readonly classes: number;
  readonly data: Float32Array;
}

/** Of one pass; on several replicas of the passes of all, so that each has the same. */
export interface StepOutcome {
  /** Mean loss over the batch, before the update. */
  readonly loss: number;
  readonly images: number;
  /** Images whose largest logit is their label (for soft targets: their largest target). */
  readonly correct: number;
  readonly forwardMs: number;
  readonly backwardMs: number;
  /** Time of the step in which nothing was done but wait for other replicas; absent on one. */
  readonly allReduceMs?: number;
  /** Where the time went, in the order of the network; absent on devices that do not measure it. */
  readonly regions?: readonly RegionTime[];
}

/** Time of one step in one part of the network: the operations under one path (`stages.0.1`). */
export interface RegionTime {
  readonly name: string;
  readonly forwardMs: number;
  readonly backwardMs: number;
}

/** What a device that compiles whole networks decided when it loaded one. */
export interface CompiledProgram {
  readonly compileMs: number;
  /** The one block of memory that holds activations, their gradients and scratch. */
  readonly arenaBytes: number;
  /** Parameters, statistics, gradients, slots, and weights kept in the layouts of algorithms. */
  readonly weightBytes: number;
  /** Of one call on a full batch: `backward` in training, `infer` in inference. */
  readonly flops: number;
  /** Bytes that the operations read and write, as the plan expects; caches may save some of it. */
  readonly bytes: number;
  readonly operations: readonly CompiledOperation[];
}

export interface CompiledOperation {
  /** Path of the node, or of the first of those that became one operation. */
  readonly name: string;
  readonly op: string;
  readonly pass: 'forward' | 'backward-data' | 'backward-weights' | 'backward';
  /** What computes it (`winograd F(4x4,3x3)`, `jit:avx512_core`, `fused branches`). */
  readonly algorithm: string;
  /** Multiplications and additions really done, so fewer than the network's for Winograd. */
  readonly flops: number;
  readonly bytes: number;
}

/** A flat view of some parameters' gradients, in device memory. */
export interface GradientBucket {
  /** Full parameter names with their place in the flat view, in elements. */
  readonly parameters: readonly {
    readonly name: string;
    readonly offset: number;
    readonly length: number;
  }[];
  readonly length: number;
  /**
   * A copy of the gradients, `[length]`; waits until the backward pass has finished this bucket.
   *
   * @param into array of this length that is filled and given back, instead of a new one each time
   */
  read(into?: Float32Array): Promise<Float32Array>;
  /**
   * Replaces them (after an all-reduce).
   *
   * @param count gradients of which these are the sum; default 1
   */
  write(values: Float32Array, count?: number): Promise<void>;
  /**
   * The gradients' own memory where that is the host's, so that nothing need be copied; waits as `read` does. Absent
   * elsewhere. What is changed in it is told by `write(values, count)`, with the same array.
   */
  borrow?(): Promise<BorrowedGradients>;
}

/** Valid until the next `backward`, `update` or `close`. */
export interface BorrowedGradients {
  /** Sums in the device's own layout, the same for the same network; may hold padding that nobody reads. */
  readonly values: Float32Array;
  /** Gradients of which they are the sums. */
  readonly count: number;
}

/** In the order in which backward finishes them. */
export type GradientBuckets = readonly GradientBucket[];

/**
 * A network being trained on a device. Calls do not overlap: await each before the next.
 * Image batches are read before the promise resolves, never kept.
 */
export interface TrainingSession {
  /**
   * Forward in training mode (batch statistics; running statistics are updated) and backward.
   * Several calls before one `update` accumulate: the update uses the mean of their gradients.
   */
  backward(batch: LabelledBatch): Promise<StepOutcome>;
  readonly gradients: GradientBuckets;
  /** Applies the update rule to every parameter at this learning rate and clears the gradients. */
  update(rate: number): Promise<void>;
  /**
   * Copies of parameters, BN statistics, slots (`slotTensorName`) and `UPDATE_COUNT_NAME`. On several replicas a
   * collective: all call it, and get the same.
   */
  read(): Promise<NamedTensors>;
  /** Replaces the named tensors (any subset of what `read` gives). @throws RefoldError `RF-DEVICE-TENSOR` for unknown names or shapes. */
  write(tensors: NamedTensors): Promise<void>;
  /** The network with running statistics, without loss or drop-out. */
  infer(batch: ImageBatch): Promise<Logits>;
  /** Before inference, on several replicas: a collective after which all have the same running statistics. */
  settle?(): Promise<void>;
  /** Absent on devices that interpret the graph op by op. */
  readonly compiled?: CompiledProgram;
  /** Frees everything on the device. Idempotent. */
  close(): Promise<void>;
}

export interface InferenceSession {
  infer(batch: ImageBatch): Promise<Logits>;
  /** Absent on devices that interpret the graph op by op. */
  readonly compiled?: CompiledProgram;
  /** Frees everything on the device. Idempotent. */
  close(): Promise<void>;
}

/** Something that computes graphs. See docs/extension-points/device.md. */
export interface Device {
  readonly info: DeviceInfo;
  readonly group: ReplicaGroup;
  load(graph: Graph, use: InferenceUse): Promise<InferenceSession>;
  /** @param graph must have a loss (`withLoss`). */
  load(graph: Graph, use: TrainingUse): Promise<TrainingSession>;
  /** Closes the device; sessions still open are closed first. Idempotent. */
  close(): Promise<void>;
}

/** What `doctor` and `device: auto` learn before a device is made. */
export interface DeviceProbe {
  readonly usable: boolean;
  /** Library and version, when usable. */
  readonly library?: string;
  /** Why it is not usable, or what was found. */
  readonly reason: string;
}

export const Device = definePoint<Device>({
  name: 'Device',
  section: 'device',
  cardinality: 'one',
});
