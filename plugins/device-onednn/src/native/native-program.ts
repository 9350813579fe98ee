import type { Precision } from '@refold/core';
import type { Expression, Pair } from '@refold/graph';

/**
 * What the addon compiles: a graph lowered to few kinds of steps, with numbers instead of names. Made by
 * `lowerGraph`, read by `native/src/program.cc`; the two files must agree.
 */
export interface NativeProgram {
  readonly training: boolean;
  readonly precision: Precision;
  /** Largest number of images of one call. */
  readonly batchSize: number;
  /** Per-sample shapes, `[C, H, W]` or `[F]`, by value index. Value 0 is the (normalised) input. */
  readonly values: readonly (readonly number[])[];
  /** By value index: how a value is stored in eight bits; absent or null: as floats. */
  readonly storage?: readonly (NativeStorage | null)[];
  /** Where value 0 is stored and the batch may be bytes: the stored number of channel c's byte b at 256 c + b. */
  readonly inputTable?: readonly number[];
  readonly steps: readonly NativeStep[];
  /** Value of the logits; a vector. */
  readonly output: number;
  /** `(x / 255 − mean) / std` on bytes, done while the batch is read; absent: the batch is float32 as it is. */
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly loss?: { readonly labelSmoothing: number; readonly soft: boolean };
  /** Parameters first, in the order in which backward finishes them; then buffers. */
  readonly tensors: readonly NativeTensor[];
  readonly parameterCount: number;
  /** Index of the first parameter of each gradient bucket, ascending from 0. */
  readonly buckets: readonly number[];
  /** Names of the parts whose time is taken. */
  readonly regions: readonly string[];
  readonly rule?: NativeRule;
  /** Drives dropout and drop_path; 32 bits. */
  readonly seed: number;
}

/** `real = scale · (stored − zero)`, unsigned: int8 is kept as uint8, 128 higher. */
export interface NativeStorage {
  readonly scale: number;
  readonly zero: number;
}

export interface NativeTensor {
  readonly name: string;
  /** Elements. */
  readonly size: number;
}

interface StepBase {
  /** Path of the node, or of the first of those that became this step. */
  readonly name: string;
  readonly region: number;
  readonly inputs: readonly number[];
  readonly output: number;
}

export type ActivationName =
  'none' | 'relu' | 'relu6' | 'silu' | 'gelu' | 'sigmoid' | 'hard_sigmoid' | 'hard_swish';

/** Indices into `tensors`. */
export interface NativeBatchNorm {
  readonly weight: number;
  readonly bias: number;
  readonly mean: number;
  readonly variance: number;
  readonly eps: number;
  readonly momentum: number;
}

export type NativeStep = StepBase &
  (
    | {
        readonly op: 'conv2d';
        readonly kernel: Pair;
        readonly stride: Pair;
        readonly padding: Pair;
        readonly dilation: Pair;
        readonly groups: number;
        readonly weight: number;
        /** −1: none. */
        readonly bias: number;
        /** Applied to the result; in training always `none`. */
        readonly activation: 'none' | 'relu';
        /** Of its weights in eight bits, by output channel: it computes in integers, from a stored input. */
        readonly scales?: readonly number[];
      }
    | {
        /**
         * y = activation(Σ normᵢ(inputᵢ)): batch_norm, add, activations, and all of them together. The heart of a
         * re-parameterisable block. `null`: the input as it is.
         */
        readonly op: 'branches';
        readonly norms: readonly (NativeBatchNorm | null)[];
        readonly activation: ActivationName;
      }
    | {
        readonly op: 'linear';
        readonly weight: number;
        readonly bias: number;
        readonly activation?: 'relu';
        readonly scales?: readonly number[];
      }
    /** From floats to a stored value, and back. */
    | { readonly op: 'quantize' | 'dequantize' }
    | { readonly op: 'scale'; readonly weight: number }
    /** Second input of the first's shape, or `[C, 1, 1]`. */
    | { readonly op: 'mul' }
    | { readonly op: 'concat' }
    /** Σ factorᵢ · inputᵢ. */
    | { readonly op: 'weighted_sum'; readonly factors: readonly number[] }
    | {
        readonly op: 'max_pool' | 'avg_pool';
        readonly kernel: Pair;
        readonly stride: Pair;
        readonly padding: Pair;
        /** avg_pool only. */
        readonly countIncludePad: boolean;
      }
    | { readonly op: 'global_avg_pool' | 'flatten' }
    /** A `normalize` that does not directly follow the input. */
    | {
        readonly op: 'normalize';
        readonly mean: readonly number[];
        readonly std: readonly number[];
      }
    /** `stream` tells the steps' random numbers apart. In inference both are left out of the program. */
    | { readonly op: 'dropout' | 'drop_path'; readonly rate: number; readonly stream: number }
  );

/** An update rule with slots and hyper-parameters by number. */
export interface NativeRule {
  /** First value of each slot. */
  readonly slots: readonly number[];
  /** Value for each parameter, by hyper-parameter index, then parameter index. */
  readonly hyper: readonly (readonly number[])[];
  /** `target` −1: the parameter; else the slot's index. */
  readonly assignments: readonly { readonly target: number; readonly value: NativeExpression }[];
}

export type NativeExpression =
  | { readonly op: 'parameter' | 'gradient' | 'rate' | 'step' }
  | { readonly op: 'slot' | 'hyper'; readonly index: number }
  | { readonly op: 'constant'; readonly value: number }
  | {
      readonly op: Extract<Expression, { readonly a: Expression }>['op'];
      readonly a: NativeExpression;
      readonly b?: NativeExpression;
    };
