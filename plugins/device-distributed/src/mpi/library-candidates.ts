import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

type System = 'linux' | 'darwin';

/** Names that the dynamic loader knows: Open MPI's, and those of MPICH's binary interface. */
const NAMES: Readonly<Record<System, { openmpi: string[]; mpich: string[]; either: string[] }>> = {
  linux: {
    openmpi: ['libmpi.so.40'],
    mpich: ['libmpich.so.12', 'libmpi.so.12'],
    either: ['libmpi.so'],
  },
  darwin: {
    openmpi: ['libmpi.40.dylib'],
    mpich: ['libmpi.12.dylib'],
    either: ['libmpi.dylib'],
  },
};

/** Where package managers put it that the dynamic loader does not look into. */
const FOLDERS: Readonly<Record<System, readonly string[]>> = {
  linux: ['/usr/lib64/openmpi/lib', '/usr/lib64/mpich/lib', '/usr/local/lib'],
  darwin: ['/opt/homebrew/lib', '/usr/local/lib', '/opt/local/lib'],
};

/**
 * Files and names to try, the likeliest first: REFOLD_MPI_LIBRARY alone where it is set; else those of the environment
 * that is active (conda, Intel oneAPI), of the loader, and of well-known folders. The family of the launcher that
 * started this process comes before the other, wherever it lies: with the other's library every rank would be alone.
 */
export function libraryCandidates(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  const named = env['REFOLD_MPI_LIBRARY'];
  if (named) return [named];
  const system = platform === 'darwin' ? 'darwin' : 'linux';
  const { openmpi, mpich, either } = NAMES[system];
  const launcher = launcherFamily(env);
  const [own, other] = launcher === 'mpich' ? [mpich, openmpi] : [openmpi, mpich];
  const names = [...own, ...either, ...other];
  const all = [...files(activeFolders(env), names), ...names, ...files(FOLDERS[system], names)];
  const isOwn = (file: string) => launcher !== null && own.includes(basename(file));
  return [...all.filter(isOwn), ...all.filter((file) => !isOwn(file))];
}

/** Of what started this process as a rank; null: nothing that is known did. */
function launcherFamily(env: Environment): 'openmpi' | 'mpich' | null {
  if ('OMPI_COMM_WORLD_SIZE' in env || 'PMIX_RANK' in env) return 'openmpi';
  return 'PMI_RANK' in env || 'MPI_LOCALRANKID' in env ? 'mpich' : null;
}

function activeFolders(env: Environment): readonly string[] {
  const { CONDA_PREFIX: conda, I_MPI_ROOT: intel } = env;
  return [
    ...(conda ? [join(conda, 'lib')] : []),
    ...(intel ? [join(intel, 'lib'), join(intel, 'lib', 'release')] : []),
  ];
}

const files = (folders: readonly string[], names: readonly string[]) =>
  folders.flatMap((folder) => names.map((name) => join(folder, name))).filter(existsSync);
