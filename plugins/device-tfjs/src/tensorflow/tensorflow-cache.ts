import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The release of TensorFlow that `refold setup tensorflow` installs and Refold is tested with. */
export const TENSORFLOW_VERSION = '2.20.0';

/** Refold's folder for downloads: `$XDG_CACHE_HOME/refold`, else `~/.cache/refold`. */
export function refoldCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'refold');
}

/** Where a release of TensorFlow is kept inside `cacheFolder`; the libraries lie in `tensorflow/`. */
export function tensorflowCacheFolder(cacheFolder: string, version: string): string {
  return join(cacheFolder, `tensorflow-${version}`);
}

/** Library folders of all cached releases: the tested one first, then the newest. */
export function cachedLibraryFolders(cacheFolder: string): string[] {
  const tested = tensorflowCacheFolder(cacheFolder, TENSORFLOW_VERSION);
  const others = listFolder(cacheFolder)
    .filter((name) => /^tensorflow-\d/.test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(cacheFolder, name))
    .filter((folder) => folder !== tested);
  return [tested, ...others].map((folder) => join(folder, 'tensorflow'));
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
