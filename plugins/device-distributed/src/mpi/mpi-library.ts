import { MPI_ABIS, type MpiAbi, type MpiObject } from './constants.js';
import { loadLibrary, type MpiFound } from './find-mpi.js';

/** A communicator, data type or the like. */
export type Handle = bigint | number;

/** Memory that C reads or writes during one call: an address, or an array of ours. */
export type Memory = bigint | null | ArrayBufferView;

/** A function of MPI: gives its error code, 0 for success. `async` runs it on a thread of libuv's pool. */
export interface MpiFunction<Args extends readonly unknown[]> {
  (...args: Args): number;
  async(...args: [...Args, (error: Error | null, code: number) => void]): void;
}

type Send = [send: Memory, count: number, type: Handle];
type Receive = [receive: Memory, count: number, type: Handle];

/** The functions of MPI that are used here, named as in the standard. */
export interface MpiFunctions {
  MPI_Initialized: MpiFunction<[flag: Int32Array]>;
  MPI_Finalized: MpiFunction<[flag: Int32Array]>;
  MPI_Init_thread: MpiFunction<[argc: null, argv: null, required: number, provided: Int32Array]>;
  MPI_Query_thread: MpiFunction<[provided: Int32Array]>;
  MPI_Finalize: MpiFunction<[]>;
  MPI_Abort: MpiFunction<[comm: Handle, code: number]>;
  MPI_Comm_set_errhandler: MpiFunction<[comm: Handle, handler: Handle]>;
  MPI_Comm_dup: MpiFunction<[comm: Handle, duplicate: HandleCell]>;
  MPI_Comm_rank: MpiFunction<[comm: Handle, rank: Int32Array]>;
  MPI_Comm_size: MpiFunction<[comm: Handle, size: Int32Array]>;
  MPI_Get_processor_name: MpiFunction<[name: Uint8Array, length: Int32Array]>;
  MPI_Error_string: MpiFunction<[code: number, text: Uint8Array, length: Int32Array]>;
  MPI_Allreduce: MpiFunction<
    [send: Memory, receive: Memory, count: number, type: Handle, op: Handle, comm: Handle]
  >;
  MPI_Reduce_local: MpiFunction<
    [send: Memory, sendAndReceive: Memory, count: number, type: Handle, op: Handle]
  >;
  MPI_Bcast: MpiFunction<[data: Memory, count: number, type: Handle, root: number, comm: Handle]>;
  MPI_Gather: MpiFunction<[...Send, ...Receive, root: number, comm: Handle]>;
  MPI_Gatherv: MpiFunction<
    // prettier-ignore
    [...Send, receive: Memory, counts: Memory, offsets: Memory, type: Handle, root: number, comm: Handle]
  >;
  MPI_Allgather: MpiFunction<[...Send, ...Receive, comm: Handle]>;
  MPI_Alltoall: MpiFunction<[...Send, ...Receive, comm: Handle]>;
  MPI_Barrier: MpiFunction<[comm: Handle]>;
  MPI_Ibarrier: MpiFunction<[comm: Handle, request: HandleCell]>;
  MPI_Test: MpiFunction<[request: HandleCell, flag: Int32Array, status: bigint]>;
  MPI_Wait: MpiFunction<[request: HandleCell, status: bigint]>;
}

/** Where C writes one handle. */
export type HandleCell = BigUint64Array | Int32Array;

export interface MpiLibrary extends MpiFunctions {
  readonly name: string;
  readonly abi: MpiAbi;
  readonly objects: Readonly<Record<MpiObject, Handle>>;
  newHandleCell(): HandleCell;
}

const P = 'void *';
const H = 'handle';
const I = 'int';

const PARAMETERS: Readonly<Record<keyof MpiFunctions, readonly string[]>> = {
  MPI_Initialized: [P],
  MPI_Finalized: [P],
  MPI_Init_thread: [P, P, I, P],
  MPI_Query_thread: [P],
  MPI_Finalize: [],
  MPI_Abort: [H, I],
  MPI_Comm_set_errhandler: [H, H],
  MPI_Comm_dup: [H, P],
  MPI_Comm_rank: [H, P],
  MPI_Comm_size: [H, P],
  MPI_Get_processor_name: [P, P],
  MPI_Error_string: [I, P, P],
  MPI_Allreduce: [P, P, I, H, H, H],
  MPI_Reduce_local: [P, P, I, H, H],
  MPI_Bcast: [P, I, H, I, H],
  MPI_Gather: [P, I, H, P, I, H, I, H],
  MPI_Gatherv: [P, I, H, P, P, P, H, I, H],
  MPI_Allgather: [P, I, H, P, I, H, H],
  MPI_Alltoall: [P, I, H, P, I, H, H],
  MPI_Barrier: [H],
  MPI_Ibarrier: [H, P],
  MPI_Test: [P, P, P],
  MPI_Wait: [P, P],
};

/**
 * Binds the functions and objects of a library.
 *
 * @throws the dynamic loader's error where one of them is missing.
 */
export function openMpiLibrary({ file, family, library: name }: MpiFound): MpiLibrary {
  const library = loadLibrary(file);
  const abi = MPI_ABIS[family];
  const functions = Object.entries(PARAMETERS).map(([symbol, types]) => {
    const parameters = types.map((type) => (type === H ? abi.handle : type));
    return [symbol, library.func(symbol, 'int', parameters)] as const;
  });
  const objects = Object.entries(abi.objects).map(([key, value]: [string, string | number]) => [
    key,
    typeof value === 'string' ? (library.symbol(value) as bigint) : value,
  ]);
  return {
    name,
    abi,
    objects: Object.fromEntries(objects) as MpiLibrary['objects'],
    newHandleCell: () => (abi.handle === 'int' ? new Int32Array(1) : new BigUint64Array(1)),
    ...(Object.fromEntries(functions) as unknown as MpiFunctions),
  };
}
