export type { MpiFamily, ThreadLevel } from './constants.js';
export { mpiMissing } from './errors.js';
export { findMpi, type MpiFound, type MpiMissing } from './find-mpi.js';
export { launchedUnderMpi } from './launched-under-mpi.js';
export { MpiGroup, type MpiGroupOptions } from './mpi-group.js';
export { rankOf, type LaunchedRank } from './rank-of.js';
