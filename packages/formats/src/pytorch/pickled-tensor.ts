import type { Dtype } from '../tensors/dtype.js';
import type { TorchType } from './torch-types.js';

/** A storage that tensors are views of, as the pickle refers to it. */
export interface StorageReference {
  readonly key: string;
  /** Of its elements; null where it is plain bytes and the tensor says. */
  readonly type: TorchType | null;
  /** Elements, or bytes where `type` is null. */
  readonly size: number;
  /** Legacy files alone: the first element in the storage of that key. */
  readonly begin: number;
}

/** A tensor as a pickle describes it; nothing about it is checked but the kinds of its parts. */
export type PickledTensor =
  | {
      readonly kind: 'stored';
      readonly storage: StorageReference;
      readonly type: TorchType;
      /** In elements. */
      readonly offset: number;
      readonly shape: readonly number[];
      /** In elements. */
      readonly strides: readonly number[];
    }
  | {
      /** An array of numpy, inside the pickle. */
      readonly kind: 'inline';
      readonly dtype: Dtype;
      readonly shape: readonly number[];
      readonly read: () => Promise<Uint8Array>;
    }
  | {
      /** Sparse, quantised, without data. */
      readonly kind: 'unreadable';
      readonly what: string;
      readonly shape: readonly number[];
    };
