import type { z } from 'zod';
import type { OpAttrs, OpName } from '../op-attrs.js';
import type { SampleShape, TensorSpec } from '../tensor.js';

/** What the graph knows of an op: how attributes look, and its shape, tensor and cost rules. */
export interface OpDefinition<K extends OpName> {
  readonly op: K;
  /** Strict schema of the attributes, for JSON and for the builder. */
  readonly attrs: z.ZodType<OpAttrs[K]>;
  readonly inputs: { readonly min: number; readonly max: number };
  /** Per-sample output shape. Throws a `RefoldError` `RF-GRAPH-SHAPE` (from `errors.ts`) where inputs do not fit. */
  shape(attrs: OpAttrs[K], inputs: readonly SampleShape[]): SampleShape;
  /** Tensors the node owns, names without the node's path. Absent: none. */
  tensors?(attrs: OpAttrs[K], inputs: readonly SampleShape[]): readonly TensorSpec[];
  /** Multiply-adds for one sample, as counted by fvcore/timm: convolutions and linear layers only. Absent: 0. */
  macs?(attrs: OpAttrs[K], inputs: readonly SampleShape[], output: SampleShape): number;
}
