import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { libraryNames } from './library-names.js';
import { cachedLibraryFolders, refoldCacheFolder } from './tensorflow-cache.js';

/** Why a folder was looked at. */
export type TensorflowOrigin = 'REFOLD_TENSORFLOW' | 'tfjs-node' | 'refold cache' | 'system';

/** A libtensorflow on this machine. Nothing is loaded yet: see `probeLibtensorflow`. */
export interface FoundTensorflow {
  readonly origin: TensorflowOrigin;
  readonly folder: string;
  /** The library that exports the C API. */
  readonly libraryPath: string;
  /** libtensorflow_framework; absent on platforms that have none. */
  readonly frameworkPath?: string;
}

/** A folder that does not hold libtensorflow, and what it lacks. */
export interface LookedAtFolder {
  readonly origin: TensorflowOrigin;
  readonly folder: string;
  /** Missing file names; alternatives are joined by ` or `. */
  readonly missing: readonly string[];
}

/** Result of {@link findLibtensorflow}: folders looked at before the found one are listed too. */
export interface TensorflowSearch {
  readonly found?: FoundTensorflow;
  readonly lookedAt: readonly LookedAtFolder[];
}

/** Where to look; the defaults are this process's. Tests pass their own. */
export interface TensorflowPlaces {
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** Folder of the package @tensorflow/tfjs-node, or null where it is not installed. */
  readonly tfjsNodeFolder?: string | null;
  readonly systemFolders?: readonly string[];
}

/**
 * Looks for libtensorflow, in this order: the folder that `REFOLD_TENSORFLOW` names (itself, its
 * `tensorflow/` as in a Python environment, or its `lib/` as in a C release), what tfjs-node's own
 * install step downloaded, Refold's cache, the system's library folders. Reads folder entries only.
 */
export function findLibtensorflow(places: TensorflowPlaces = {}): TensorflowSearch {
  const platform = places.platform ?? process.platform;
  const lookedAt: LookedAtFolder[] = [];
  for (const [origin, folder] of candidateFolders(places, platform)) {
    const { api, framework } = libraryNames(platform);
    const apiName = api.find((name) => existsSync(join(folder, name)));
    const frameworkName = framework.find((name) => existsSync(join(folder, name)));
    const missing = [
      ...(apiName ? [] : [api.join(' or ')]),
      ...(frameworkName || framework.length === 0 ? [] : [framework.join(' or ')]),
    ];
    if (missing.length > 0 || !apiName) {
      lookedAt.push({ origin, folder, missing });
      continue;
    }
    const found = { origin, folder, libraryPath: join(folder, apiName) };
    return {
      found: frameworkName ? { ...found, frameworkPath: join(folder, frameworkName) } : found,
      lookedAt,
    };
  }
  return { lookedAt };
}

function candidateFolders(
  places: TensorflowPlaces,
  platform: NodeJS.Platform,
): [TensorflowOrigin, string][] {
  const env = places.env ?? process.env;
  const named = env['REFOLD_TENSORFLOW'];
  const tfjsNode =
    places.tfjsNodeFolder === undefined ? installedTfjsNode() : places.tfjsNodeFolder;
  const system = places.systemFolders ?? systemFolders(env, platform);
  const candidates: [TensorflowOrigin, string[]][] = [
    ['REFOLD_TENSORFLOW', named ? [named, join(named, 'tensorflow'), join(named, 'lib')] : []],
    ['tfjs-node', tfjsNode ? [join(tfjsNode, 'deps', 'lib')] : []],
    ['refold cache', cachedLibraryFolders(refoldCacheFolder(env))],
    ['system', [...system]],
  ];
  return candidates.flatMap(([origin, folders]) =>
    folders.map((folder): [TensorflowOrigin, string] => [origin, folder]),
  );
}

function installedTfjsNode(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'));
  } catch {
    return null;
  }
}

/** The loader's search path and the usual places. */
function systemFolders(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  const variable = { win32: 'PATH', darwin: 'DYLD_LIBRARY_PATH' } as Partial<
    Record<NodeJS.Platform, string>
  >;
  const fromLoader = (env[variable[platform] ?? 'LD_LIBRARY_PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean);
  if (platform === 'win32') return fromLoader;
  const usual =
    platform === 'darwin'
      ? ['/usr/local/lib', '/opt/homebrew/lib', '/opt/local/lib']
      : [
          '/usr/local/lib',
          '/usr/lib',
          '/usr/lib64',
          '/usr/lib/x86_64-linux-gnu',
          '/usr/lib/aarch64-linux-gnu',
        ];
  return [...fromLoader, ...usual];
}
