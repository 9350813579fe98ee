import type { Dtype } from '../tensors/dtype.js';

/** Our types by MindSpore's names, as checkpoints write them (mindspore/train/serialization.py). */
export const mindsporeTypes: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['Bool', 'BOOL'],
  ['UInt8', 'U8'],
  ['Int8', 'I8'],
  ['UInt16', 'U16'],
  ['Int16', 'I16'],
  ['Float16', 'F16'],
  ['BFloat16', 'BF16'],
  ['UInt32', 'U32'],
  ['Int32', 'I32'],
  ['Float32', 'F32'],
  ['UInt64', 'U64'],
  ['Int64', 'I64'],
  ['Float64', 'F64'],
]);

/** MindSpore's names by our types, for writing. */
export const mindsporeNames: ReadonlyMap<Dtype, string> = new Map(
  [...mindsporeTypes].map(([name, dtype]) => [dtype, name]),
);
