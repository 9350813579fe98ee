export type { MpiFamily, ThreadLevel } from './constants.js';
export { findMpi, type MpiFound, type MpiMissing } from './find-mpi.js';
export { MpiGroup, type MpiGroupOptions } from './mpi-group.js';
