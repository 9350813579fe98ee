import type {
  TensorMetadata,
  TFEOpAttr,
  TFJSBinding,
} from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import {
  savedModelUnsupported,
  tensorflowCallFailed,
  tensorflowOpFailed,
  unknownTensor,
} from './errors.js';
import { setOpAttribute } from './set-op-attribute.js';
import { stridedPointwiseGradient } from './strided-pointwise-gradient.js';
import { freeStrings } from './string-tensor.js';
import { elementCount, newTensor, tensorValues } from './tensor-transfer.js';
import { TENSORFLOW_ATTRIBUTES, TENSORFLOW_TYPES } from './tensorflow-data-types.js';
import type { Pointer, TensorflowLibrary } from './tensorflow-library.js';
import { threadConfigProto } from './thread-config-proto.js';

/** `TF_Code` of success. */
const TF_OK = 0;

class Metadata implements TensorMetadata {
  id!: number;
  shape!: number[];
  dtype!: number;
}

class Attribute implements TFEOpAttr {
  name!: string;
  type!: number;
  value!: TFEOpAttr['value'];
}

/**
 * What tfjs-node's native addon is to `NodeJSKernelBackend`, over libtensorflow's eager C API and
 * without a compiler: tensors are `TFE_TensorHandle`s known by a number, an op runs synchronously
 * on the calling thread and TensorFlow's intra-op pool.
 *
 * Ownership: every id that `createTensor` and `executeOp` give out is the caller's until
 * `deleteTensor`. Ops, tensors in transfer and statuses never outlive a call. `close` frees what
 * is left, and the context.
 *
 * Errors of TensorFlow are thrown as RefoldError with TensorFlow's own message.
 */
export class TensorflowBinding implements TFJSBinding {
  readonly TensorMetadata = Metadata;
  readonly TFEOpAttr = Attribute;
  readonly TF_FLOAT = TENSORFLOW_TYPES.float32;
  readonly TF_INT32 = TENSORFLOW_TYPES.int32;
  readonly TF_INT64 = TENSORFLOW_TYPES.int64;
  readonly TF_BOOL = TENSORFLOW_TYPES.bool;
  readonly TF_COMPLEX64 = TENSORFLOW_TYPES.complex64;
  readonly TF_STRING = TENSORFLOW_TYPES.string;
  readonly TF_RESOURCE = TENSORFLOW_TYPES.resource;
  readonly TF_UINT8 = TENSORFLOW_TYPES.uint8;
  readonly TF_ATTR_STRING = TENSORFLOW_ATTRIBUTES.string;
  readonly TF_ATTR_INT = TENSORFLOW_ATTRIBUTES.int;
  readonly TF_ATTR_FLOAT = TENSORFLOW_ATTRIBUTES.float;
  readonly TF_ATTR_BOOL = TENSORFLOW_ATTRIBUTES.bool;
  readonly TF_ATTR_TYPE = TENSORFLOW_ATTRIBUTES.type;
  readonly TF_ATTR_SHAPE = TENSORFLOW_ATTRIBUTES.shape;
  readonly TF_ATTR_RESOURCE = TENSORFLOW_ATTRIBUTES.resource;
  readonly TF_Version: string;

  readonly #library: TensorflowLibrary;
  readonly #status: Pointer;
  readonly #context: Pointer;
  readonly #handles = new Map<number, Pointer>();
  /** Names and string values as C strings; few and small, alive with the binding. */
  readonly #interned = new Map<string, Uint8Array>();
  /** String tensors of ours by id: their long strings are freed with the tensor. */
  readonly #ownStrings = new Map<number, { tensor: Pointer; count: number }>();
  #nextId = 0;

  /** @param threads size of the intra-op pool; the first context of a process decides it for all. */
  constructor(
    library: TensorflowLibrary,
    readonly threads: number,
  ) {
    this.#library = library;
    this.TF_Version = library.version();
    this.#status = library.newStatus();
    const options = library.newContextOptions();
    const proto = threadConfigProto({ intraOp: threads, interOp: 1 });
    library.setContextConfig(options, proto, proto.length, this.#status);
    this.#check('read its configuration');
    this.#context = library.newContext(options, this.#status);
    library.deleteContextOptions(options);
    this.#check('create an eager context');
  }

  get libraryPath(): string {
    return this.#library.path;
  }

  createTensor(shape: number[], dtype: number, values: unknown): number {
    const tensor = newTensor(this.#library, shape, dtype, values);
    const handle = this.#library.newHandle(tensor, this.#status);
    if (dtype === TENSORFLOW_TYPES.string) {
      this.#ownStrings.set(this.#nextId, { tensor, count: elementCount(shape) });
    } else {
      this.#library.deleteTensor(tensor);
    }
    this.#check('make a handle of a tensor');
    return this.#keep(handle);
  }

  deleteTensor(tensorId: number): void {
    this.#library.deleteHandle(this.#handle(tensorId));
    this.#handles.delete(tensorId);
    const strings = this.#ownStrings.get(tensorId);
    if (strings) {
      freeStrings(this.#library, strings.tensor, strings.count);
      this.#library.deleteTensor(strings.tensor);
      this.#ownStrings.delete(tensorId);
    }
  }

  /**
   * A copy of the tensor's elements: float32 and complex64 (interleaved) as Float32Array, int32 as
   * Int32Array, int64 as BigInt64Array, bool, uint8 and resources as Uint8Array, strings as an
   * array of Uint8Array (the declared type of tfjs-node names only three of them).
   */
  tensorDataSync(tensorId: number): Float32Array | Int32Array | Uint8Array {
    const handle = this.#handle(tensorId);
    const count = elementCount(this.#shape(handle));
    const tensor = this.#library.resolveHandle(handle, this.#status);
    this.#check('read a tensor');
    try {
      const dtype = this.#library.handleDtype(handle);
      return tensorValues(this.#library, tensor, dtype, count) as Float32Array;
    } finally {
      this.#library.deleteTensor(tensor);
    }
  }

  executeOp(
    opName: string,
    opAttrs: TFEOpAttr[],
    inputTensorIds: number[],
    numOutputs: number,
  ): TensorMetadata[] {
    const detour = stridedPointwiseGradient(this, opName, opAttrs, inputTensorIds);
    if (detour) return detour;
    const library = this.#library;
    const status = this.#status;
    const check = () => this.#checkOp(opName);
    const op = library.newOp(this.#context, this.#intern(opName), status);
    check();
    try {
      for (const id of inputTensorIds) {
        library.addInput(op, this.#handle(id), status);
        check();
      }
      const target = { library, op, opName, status, check, intern: this.#intern };
      for (const attribute of opAttrs) setOpAttribute(target, attribute);
      const handles = new BigUint64Array(numOutputs);
      const count = Int32Array.of(numOutputs);
      library.execute(op, handles, count, status);
      check();
      return Array.from(handles.subarray(0, count[0]), (handle) => this.#describe(handle));
    } finally {
      library.deleteOp(op);
    }
  }

  /** Extents of a live tensor. */
  shapeOf(tensorId: number): number[] {
    return this.#shape(this.#handle(tensorId));
  }

  isUsingGpuDevice(): boolean {
    return false;
  }

  /** Tensors that were created or returned and not yet deleted. */
  getNumOfTensors(): number {
    return this.#handles.size;
  }

  loadSavedModel(): number {
    throw savedModelUnsupported();
  }

  deleteSavedModel(): void {
    throw savedModelUnsupported();
  }

  runSavedModel(): TensorMetadata[] {
    throw savedModelUnsupported();
  }

  getNumOfSavedModels(): number {
    return 0;
  }

  /** Frees all tensors and the context. The binding must not be used afterwards. */
  close(): void {
    for (const id of [...this.#handles.keys()]) this.deleteTensor(id);
    this.#library.deleteContext(this.#context);
    this.#library.deleteStatus(this.#status);
  }

  #keep(handle: Pointer): number {
    const id = this.#nextId++;
    this.#handles.set(id, handle);
    return id;
  }

  #handle(tensorId: number): Pointer {
    const handle = this.#handles.get(tensorId);
    if (handle === undefined) throw unknownTensor(tensorId);
    return handle;
  }

  #describe(handle: Pointer): TensorMetadata {
    const shape = this.#shape(handle);
    return { id: this.#keep(handle), shape, dtype: this.#library.handleDtype(handle) };
  }

  #shape(handle: Pointer): number[] {
    const rank = this.#library.handleRank(handle, this.#status);
    const shape: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      shape.push(Number(this.#library.handleDim(handle, axis, this.#status)));
    }
    return shape;
  }

  readonly #intern = (text: string): Uint8Array => {
    let bytes = this.#interned.get(text);
    if (!bytes) {
      bytes = new TextEncoder().encode(`${text}\0`);
      this.#interned.set(text, bytes);
    }
    return bytes;
  };

  #check(what: string): void {
    const code = this.#library.statusCode(this.#status);
    if (code !== TF_OK) throw tensorflowCallFailed(what, code, this.#takeMessage());
  }

  #checkOp(opName: string): void {
    const code = this.#library.statusCode(this.#status);
    if (code !== TF_OK) throw tensorflowOpFailed(opName, code, this.#takeMessage());
  }

  /** The status is used again by the next call, which may write it only on failure. */
  #takeMessage(): string {
    const message = this.#library.statusMessage(this.#status);
    this.#library.setStatus(this.#status, TF_OK, '');
    return message;
  }
}
