/** A tensor on its way to or from ONNX Runtime. */
export interface RuntimeTensor {
  readonly type: 'float32' | 'float64' | 'uint8' | 'int32' | 'int64' | 'bool';
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Float64Array | Uint8Array;
}

/** What the thread of ONNX Runtime is asked. */
export type RuntimeRequest =
  | { readonly kind: 'open'; readonly file: string }
  | {
      readonly kind: 'run';
      readonly feeds: Readonly<Record<string, RuntimeTensor>>;
      readonly shapesOnly: boolean;
    };

/** What it answers. */
export type RuntimeAnswer =
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'ran';
      readonly outputs: Readonly<
        Record<string, RuntimeTensor | { readonly shape: readonly number[] }>
      >;
    }
  | { readonly kind: 'failed'; readonly missing: boolean; readonly message: string };
