import { loadKoffi } from './load-koffi.js';

/** A C pointer as koffi hands it over; `null` is NULL. */
export type Pointer = bigint | null;

/** Memory that C may read or write during one call: a pointer, or a buffer of ours. */
export type Memory = Pointer | ArrayBufferView;

/**
 * The part of TensorFlow's C API (tensorflow/c/c_api.h, tf_tensor.h, tf_tstring.h, eager/c_api.h)
 * that the binding needs. Every pointer is opaque; who frees it is written where it is used.
 * `names` are NUL-terminated buffers that stay alive as long as the library does, because
 * TensorFlow may keep a pointer to an attribute's name until the op has run.
 */
export interface TensorflowLibrary {
  readonly path: string;
  version(): string;

  newStatus(): Pointer;
  setStatus(status: Pointer, code: number, message: string): void;
  statusCode(status: Pointer): number;
  statusMessage(status: Pointer): string;
  deleteStatus(status: Pointer): void;

  newContextOptions(): Pointer;
  setContextConfig(options: Pointer, proto: Uint8Array, byteLength: number, status: Pointer): void;
  deleteContextOptions(options: Pointer): void;
  newContext(options: Pointer, status: Pointer): Pointer;
  clearContextCaches(context: Pointer): void;
  deleteContext(context: Pointer): void;
  listDevices(context: Pointer, status: Pointer): Pointer;
  deviceCount(list: Pointer): number;
  deviceType(list: Pointer, index: number, status: Pointer): string;
  deleteDeviceList(list: Pointer): void;

  allocateTensor(dtype: number, dims: BigInt64Array, rank: number, byteLength: number): Pointer;
  tensorData(tensor: Pointer): Pointer;
  tensorByteSize(tensor: Pointer): number;
  deleteTensor(tensor: Pointer): void;
  dataTypeSize(dtype: number): number;
  copyMemory(target: Memory, source: Memory, byteLength: number): Pointer;

  stringInit(string: Pointer): void;
  stringCopy(string: Pointer, source: Uint8Array, byteLength: number): void;
  stringData(string: Pointer): Pointer;
  stringSize(string: Pointer): number;
  stringDealloc(string: Pointer): void;

  newHandle(tensor: Pointer, status: Pointer): Pointer;
  resolveHandle(handle: Pointer, status: Pointer): Pointer;
  handleRank(handle: Pointer, status: Pointer): number;
  handleDim(handle: Pointer, index: number, status: Pointer): number;
  handleDtype(handle: Pointer): number;
  deleteHandle(handle: Pointer): void;

  newOp(context: Pointer, name: Memory, status: Pointer): Pointer;
  addInput(op: Pointer, handle: Pointer, status: Pointer): void;
  setAttrString(op: Pointer, name: Memory, value: Memory, byteLength: number): void;
  setAttrInt(op: Pointer, name: Memory, value: number): void;
  setAttrIntList(op: Pointer, name: Memory, values: BigInt64Array, count: number): void;
  setAttrFloat(op: Pointer, name: Memory, value: number): void;
  setAttrFloatList(op: Pointer, name: Memory, values: Float32Array, count: number): void;
  setAttrBool(op: Pointer, name: Memory, value: number): void;
  setAttrType(op: Pointer, name: Memory, dtype: number): void;
  setAttrShape(op: Pointer, name: Memory, dims: BigInt64Array, rank: number, status: Pointer): void;
  execute(op: Pointer, outputs: BigUint64Array, count: Int32Array, status: Pointer): void;
  deleteOp(op: Pointer): void;
}

type Signature = readonly [symbol: string, result: string, parameters: readonly string[]];

const POINTER = 'void *';

const SIGNATURES: Readonly<Record<Exclude<keyof TensorflowLibrary, 'path'>, Signature>> = {
  version: ['TF_Version', 'str', []],

  newStatus: ['TF_NewStatus', POINTER, []],
  setStatus: ['TF_SetStatus', 'void', [POINTER, 'int', 'str']],
  statusCode: ['TF_GetCode', 'int', [POINTER]],
  statusMessage: ['TF_Message', 'str', [POINTER]],
  deleteStatus: ['TF_DeleteStatus', 'void', [POINTER]],

  newContextOptions: ['TFE_NewContextOptions', POINTER, []],
  setContextConfig: ['TFE_ContextOptionsSetConfig', 'void', [POINTER, POINTER, 'size_t', POINTER]],
  deleteContextOptions: ['TFE_DeleteContextOptions', 'void', [POINTER]],
  newContext: ['TFE_NewContext', POINTER, [POINTER, POINTER]],
  clearContextCaches: ['TFE_ContextClearCaches', 'void', [POINTER]],
  deleteContext: ['TFE_DeleteContext', 'void', [POINTER]],
  listDevices: ['TFE_ContextListDevices', POINTER, [POINTER, POINTER]],
  deviceCount: ['TF_DeviceListCount', 'int', [POINTER]],
  deviceType: ['TF_DeviceListType', 'str', [POINTER, 'int', POINTER]],
  deleteDeviceList: ['TF_DeleteDeviceList', 'void', [POINTER]],

  allocateTensor: ['TF_AllocateTensor', POINTER, ['int', POINTER, 'int', 'size_t']],
  tensorData: ['TF_TensorData', POINTER, [POINTER]],
  tensorByteSize: ['TF_TensorByteSize', 'size_t', [POINTER]],
  deleteTensor: ['TF_DeleteTensor', 'void', [POINTER]],
  dataTypeSize: ['TF_DataTypeSize', 'size_t', ['int']],
  copyMemory: ['memcpy', POINTER, [POINTER, POINTER, 'size_t']],

  stringInit: ['TF_StringInit', 'void', [POINTER]],
  stringCopy: ['TF_StringCopy', 'void', [POINTER, POINTER, 'size_t']],
  stringData: ['TF_StringGetDataPointer', POINTER, [POINTER]],
  stringSize: ['TF_StringGetSize', 'size_t', [POINTER]],
  stringDealloc: ['TF_StringDealloc', 'void', [POINTER]],

  newHandle: ['TFE_NewTensorHandle', POINTER, [POINTER, POINTER]],
  resolveHandle: ['TFE_TensorHandleResolve', POINTER, [POINTER, POINTER]],
  handleRank: ['TFE_TensorHandleNumDims', 'int', [POINTER, POINTER]],
  handleDim: ['TFE_TensorHandleDim', 'int64_t', [POINTER, 'int', POINTER]],
  handleDtype: ['TFE_TensorHandleDataType', 'int', [POINTER]],
  deleteHandle: ['TFE_DeleteTensorHandle', 'void', [POINTER]],

  newOp: ['TFE_NewOp', POINTER, [POINTER, POINTER, POINTER]],
  addInput: ['TFE_OpAddInput', 'void', [POINTER, POINTER, POINTER]],
  setAttrString: ['TFE_OpSetAttrString', 'void', [POINTER, POINTER, POINTER, 'size_t']],
  setAttrInt: ['TFE_OpSetAttrInt', 'void', [POINTER, POINTER, 'int64_t']],
  setAttrIntList: ['TFE_OpSetAttrIntList', 'void', [POINTER, POINTER, POINTER, 'int']],
  setAttrFloat: ['TFE_OpSetAttrFloat', 'void', [POINTER, POINTER, 'float']],
  setAttrFloatList: ['TFE_OpSetAttrFloatList', 'void', [POINTER, POINTER, POINTER, 'int']],
  setAttrBool: ['TFE_OpSetAttrBool', 'void', [POINTER, POINTER, 'uint8_t']],
  setAttrType: ['TFE_OpSetAttrType', 'void', [POINTER, POINTER, 'int']],
  setAttrShape: ['TFE_OpSetAttrShape', 'void', [POINTER, POINTER, POINTER, 'int', POINTER]],
  execute: ['TFE_Execute', 'void', [POINTER, POINTER, POINTER, POINTER]],
  deleteOp: ['TFE_DeleteOp', 'void', [POINTER]],
};

/**
 * Opens libtensorflow and binds {@link TensorflowLibrary}'s functions.
 *
 * `path` is the library that exports the eager C API (`libtensorflow.so.2` or
 * `libtensorflow_cc.so.2`); libtensorflow_framework beside it is found through its run path.
 * `memcpy` is looked up through the same handle, which reaches the C runtime that TensorFlow uses.
 * The library stays loaded until the process ends (TensorFlow cannot be unloaded).
 *
 * @throws the dynamic loader's error where the file cannot be loaded or lacks a function.
 */
export function openTensorflowLibrary(path: string): TensorflowLibrary {
  const library = loadKoffi().load(path);
  const functions = Object.entries(SIGNATURES).map(([key, [symbol, result, parameters]]) => [
    key,
    library.func(symbol, result, [...parameters]),
  ]);
  return { path, ...Object.fromEntries(functions) } as TensorflowLibrary;
}
