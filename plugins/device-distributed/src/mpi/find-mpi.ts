import type { LibraryHandle } from 'koffi';
import { TEXT_BYTES } from './constants.js';
import { libraryCandidates } from './library-candidates.js';
import { loadKoffi } from './load-koffi.js';
import { parseLibraryVersion, type LibraryVersion } from './parse-library-version.js';
import { setLibraryDefaults } from './set-library-defaults.js';

export interface MpiFound extends LibraryVersion {
  readonly found: true;
  /** As the dynamic loader was given it: a path, or a name that it knows. */
  readonly file: string;
}

export interface MpiMissing {
  readonly found: false;
  /** Each file that was tried, with why it was not taken. */
  readonly tried: readonly string[];
}

/** Libraries that were loaded, by file. Kept: koffi unloads what nobody refers to, and MPI has threads of its own. */
const loaded = new Map<string, LibraryHandle>();

/** Which MPI library can be loaded here, and which it is. Starts nothing, and throws nothing. */
export function findMpi(
  env: Readonly<Record<string, string | undefined>> = process.env,
): MpiFound | MpiMissing {
  const tried: string[] = [];
  for (const file of libraryCandidates(env)) {
    try {
      const text = versionText(loadLibrary(file));
      const version = parseLibraryVersion(text);
      if (version !== null) return { found: true, ...version, file };
      tried.push(`${file}: an MPI that is not known here (${text.split('\n')[0]?.trim()})`);
    } catch (error) {
      tried.push(`${file}: ${reason(error, file)}`);
    }
  }
  return { found: false, tried };
}

/**
 * Loads it for good, with its symbols visible to all: Open MPI's own plugins need them.
 *
 * @throws the dynamic loader's error.
 */
export function loadLibrary(file: string): LibraryHandle {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  setLibraryDefaults();
  const library = loadKoffi().load(file, { global: true });
  loaded.set(file, library);
  return library;
}

/** MPI_Get_library_version is one of the few functions that may be called before MPI is started. */
function versionText(library: LibraryHandle): string {
  const ask = library.func('MPI_Get_library_version', 'int', ['void *', 'void *']) as unknown as (
    text: Uint8Array,
    length: Int32Array,
  ) => number;
  const text = Buffer.alloc(TEXT_BYTES.version);
  const length = new Int32Array(1);
  ask(text, length);
  return text.toString('latin1', 0, length[0]);
}

/** Without the file's name, which the loader repeats. */
const reason = (error: unknown, file: string) =>
  (error instanceof Error ? error.message : String(error))
    .replace('Failed to load shared library: ', '')
    .replace(`${file}: `, '');
