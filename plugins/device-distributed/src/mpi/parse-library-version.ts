import type { MpiFamily } from './constants.js';

export interface LibraryVersion {
  readonly family: MpiFamily;
  /** `4.1.4` */
  readonly version: string;
  /** `Open MPI 4.1.4` */
  readonly library: string;
}

interface Known {
  readonly family: MpiFamily;
  readonly name: string;
  readonly text: RegExp;
}

/** What MPI_Get_library_version says. Names in it are more telling than MPICH's, on which the last ones build. */
const KNOWN: readonly Known[] = [
  { family: 'openmpi', name: 'Open MPI', text: /^Open MPI v(\S+?),/ },
  { family: 'intel', name: 'Intel MPI', text: /^Intel\(R\) MPI Library (\S+)/ },
  { family: 'mpich', name: 'MVAPICH', text: /^MVAPICH\d* Version\s*:\s*(\S+)/ },
  { family: 'mpich', name: 'Cray MPICH', text: /CRAY MPICH version (\S+)/ },
  { family: 'mpich', name: 'MPICH', text: /^MPICH Version:\s*(\S+)/ },
];

/** Family and version by the text of MPI_Get_library_version; null for a library whose handles are not known. */
export function parseLibraryVersion(text: string): LibraryVersion | null {
  for (const { family, name, text: pattern } of KNOWN) {
    const version = pattern.exec(text)?.[1];
    if (version !== undefined) return { family, version, library: `${name} ${version}` };
  }
  return null;
}
