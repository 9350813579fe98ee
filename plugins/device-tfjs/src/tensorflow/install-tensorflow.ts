import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipFailed, pythonNotFound, wheelWithoutLibrary } from './errors.js';
import { libraryNames } from './library-names.js';
import { runPython, type PythonCommand } from './run-python.js';
import {
  refoldCacheFolder,
  TENSORFLOW_VERSION,
  tensorflowCacheFolder,
} from './tensorflow-cache.js';

export interface InstallTensorflowOptions {
  /** Release of TensorFlow; the tested one by default. */
  readonly version?: string;
  /** Refold's cache folder; `refoldCacheFolder()` by default. */
  readonly cacheFolder?: string;
  /** How to start Python; the first of the usual names that has pip by default. */
  readonly python?: PythonCommand;
  /** Gets pip's output line by line, and what is done beside it. */
  readonly onProgress?: (line: string) => void;
  /** Ends pip and leaves nothing behind. */
  readonly signal?: AbortSignal;
}

/** What an installation left on the disk. */
export interface InstalledTensorflow {
  readonly version: string;
  readonly folder: string;
  readonly libraryPath: string;
  /** Size of everything kept. */
  readonly bytes: number;
  /** True when it was there already and nothing was downloaded. */
  readonly present: boolean;
}

/**
 * The wheel needs to fit the platform, not the Python that downloads it: only its libraries are
 * used. So pip is asked for one fixed Python, and any Python 3 does as the downloader.
 */
const WHEEL_PYTHON = [
  '--only-binary=:all:',
  '--python-version=3.11',
  '--implementation=cp',
  '--abi=cp311',
];

/** Licence and notices travel with the libraries. */
const NOTICES = ['THIRD_PARTY_NOTICES.txt', 'LICENSE'];

/**
 * Installs TensorFlow's CPU library from its PyPI wheel into Refold's cache (about 260 MB to
 * download, 780 MB kept). Two installations at once, or one that is killed, never leave
 * a half-filled folder where `findLibtensorflow` looks: the folder appears by one rename.
 *
 * @throws RefoldError `RF-SETUP-PYTHON`, `RF-SETUP-PIP`, `RF-SETUP-WHEEL`.
 */
export async function installTensorflow(
  options: InstallTensorflowOptions = {},
): Promise<InstalledTensorflow> {
  const version = options.version ?? TENSORFLOW_VERSION;
  const cacheFolder = options.cacheFolder ?? refoldCacheFolder();
  const folder = tensorflowCacheFolder(cacheFolder, version);
  const report = options.onProgress ?? (() => {});
  const present = existsSync(join(folder, 'tensorflow'));
  if (!present) {
    const python = options.python ?? (await findPython());
    await mkdir(cacheFolder, { recursive: true });
    const working = await mkdtemp(join(cacheFolder, '.installing-'));
    try {
      const wheel = join(working, 'wheel');
      await runPip(python, version, wheel, options);
      report('Keeping the libraries and their licence.');
      const kept = join(working, 'kept');
      await keepLibraries(wheel, kept, version);
      await moveInto(kept, folder);
    } finally {
      await rm(working, { recursive: true, force: true });
    }
  }
  const libraries = join(folder, 'tensorflow');
  const names = await readdir(libraries);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(libraries, name))).size),
  );
  const api = libraryNames(process.platform).api.find((name) => names.includes(name));
  if (!api) throw wheelWithoutLibrary(version, [libraryNames(process.platform).api.join(' or ')]);
  return {
    version,
    folder,
    libraryPath: join(libraries, api),
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    present,
  };
}

/** The first Python 3 with pip. @throws RefoldError `RF-SETUP-PYTHON` */
async function findPython(): Promise<PythonCommand> {
  const commands: PythonCommand[] = [['python3'], ['python'], ['py', '-3']];
  const tried: string[] = [];
  for (const command of commands) {
    const { exitCode, tail } = await runPython(command, ['-m', 'pip', '--version']);
    if (exitCode === 0 && tail.includes('python 3')) return command;
    tried.push(`${command.join(' ')} (${tail.split('\n').at(-1) ?? 'no output'})`);
  }
  throw pythonNotFound(tried);
}

/** x86-64 Linux has a CPU-only package; elsewhere `tensorflow` is the CPU build. */
function packageName(): string {
  return process.platform === 'linux' && process.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';
}

async function runPip(
  python: PythonCommand,
  version: string,
  target: string,
  { onProgress, signal }: InstallTensorflowOptions,
): Promise<void> {
  const requirement = `${packageName()}==${version}`;
  const args = [
    '-m',
    'pip',
    'install',
    '--no-deps',
    '--progress-bar=off',
    '--disable-pip-version-check',
  ];
  args.push(...WHEEL_PYTHON, '--no-compile', '--target', target, requirement);
  onProgress?.(`Downloading ${requirement} from the Python package index (about 260 MB).`);
  const { exitCode, tail } = await runPython(python, args, {
    ...(onProgress ? { onLine: onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  if (exitCode !== 0) throw pipFailed([...python, ...args].join(' '), exitCode, tail);
}

/** Moves the two libraries (links resolved) and the notices of an unpacked wheel into `kept/tensorflow`. */
async function keepLibraries(wheel: string, kept: string, version: string): Promise<void> {
  const source = join(wheel, 'tensorflow');
  const target = join(kept, 'tensorflow');
  await mkdir(target, { recursive: true });
  const { api, framework } = libraryNames(process.platform);
  const needed = [api, framework].filter((names) => names.length > 0);
  const libraries = needed.map((names) => names.find((name) => existsSync(join(source, name))));
  const missing = needed.filter((_, index) => !libraries[index]).map((names) => names.join(' or '));
  if (missing.length > 0) throw wheelWithoutLibrary(version, missing);
  for (const name of libraries as string[]) {
    await rename(await realpath(join(source, name)), join(target, name));
  }
  const metadata = (await readdir(wheel)).filter((name) => name.endsWith('.dist-info'));
  const notices = [
    ...NOTICES.map((name) => join(source, name)),
    ...metadata.map((name) => join(wheel, name, 'METADATA')),
  ].filter((path) => existsSync(path));
  for (const path of notices)
    await copyFile(path, join(target, path.split(/[\\/]/).at(-1) as string));
}

/** Renames, unless another installation was faster: then its result stands. */
async function moveInto(kept: string, folder: string): Promise<void> {
  try {
    await rename(kept, folder);
  } catch (error) {
    if (!existsSync(join(folder, 'tensorflow'))) throw error;
  }
}
