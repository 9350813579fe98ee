export type MpiFamily = 'openmpi' | 'mpich' | 'intel';

/** The objects of MPI that are used here. In Open MPI each is the address of a variable, elsewhere a number. */
export type MpiObject =
  'world' | 'float' | 'double' | 'unsignedShort' | 'byte' | 'sum' | 'errorsReturn';

/** What differs between the binary interfaces of MPI libraries. Everything else is the standard's. */
export interface MpiAbi {
  /** C type of MPI_Comm, MPI_Datatype, MPI_Op, MPI_Errhandler and MPI_Request. */
  readonly handle: 'void *' | 'int';
  /** Names of variables, or values. */
  readonly objects: Readonly<Record<MpiObject, string>> | Readonly<Record<MpiObject, number>>;
  /** MPI_IN_PLACE, as an address. */
  readonly inPlace: bigint;
  /** MPI_STATUS_IGNORE, as an address. */
  readonly statusIgnore: bigint;
}

/** Open MPI's mpi.h, versions 1.7 to 5. */
const openmpi: MpiAbi = {
  handle: 'void *',
  objects: {
    world: 'ompi_mpi_comm_world',
    float: 'ompi_mpi_float',
    double: 'ompi_mpi_double',
    unsignedShort: 'ompi_mpi_unsigned_short',
    byte: 'ompi_mpi_byte',
    sum: 'ompi_mpi_op_sum',
    errorsReturn: 'ompi_mpi_errors_return',
  },
  inPlace: 1n,
  statusIgnore: 0n,
};

/** mpi.h of the MPICH ABI Compatibility Initiative: MPICH from 3.1, Intel MPI from 5.0, MVAPICH2, Cray MPICH. */
const mpich: MpiAbi = {
  handle: 'int',
  objects: {
    world: 0x44000000,
    float: 0x4c00040a,
    double: 0x4c00080b,
    unsignedShort: 0x4c000204,
    byte: 0x4c00010d,
    sum: 0x58000003,
    errorsReturn: 0x54000001,
  },
  inPlace: 0xffff_ffff_ffff_ffffn,
  statusIgnore: 1n,
};

export const MPI_ABIS: Readonly<Record<MpiFamily, MpiAbi>> = { openmpi, mpich, intel: mpich };

/** Room for what MPI writes: the largest MPI_MAX_LIBRARY_VERSION_STRING, _ERROR_STRING and _PROCESSOR_NAME of all. */
export const TEXT_BYTES = { version: 8192, error: 1024, host: 256 } as const;

/** Levels of MPI_Init_thread, by their number. */
export const THREAD_LEVELS = ['single', 'funneled', 'serialized', 'multiple'] as const;

export type ThreadLevel = (typeof THREAD_LEVELS)[number];
