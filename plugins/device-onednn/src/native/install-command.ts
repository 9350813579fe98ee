import type { BuildTool } from './build-tools.js';

interface PackageManager {
  /** What comes before the packages. */
  readonly install: string;
  readonly asRoot: boolean;
  readonly packages: Readonly<Record<BuildTool, string>>;
}

const apt: PackageManager = {
  install: 'apt-get install --yes',
  asRoot: true,
  packages: { cmake: 'cmake', make: 'make', compiler: 'g++', onednn: 'libdnnl-dev' },
};
const dnf: PackageManager = {
  install: 'dnf install --assumeyes',
  asRoot: true,
  packages: { cmake: 'cmake', make: 'make', compiler: 'gcc-c++', onednn: 'onednn-devel' },
};
const pacman: PackageManager = {
  install: 'pacman --sync --noconfirm',
  asRoot: true,
  packages: { cmake: 'cmake', make: 'make', compiler: 'gcc', onednn: 'onednn' },
};
/** Xcode's command line tools bring make and a compiler, which lacks OpenMP's library. */
const brew: PackageManager = {
  install: 'brew install',
  asRoot: false,
  packages: { cmake: 'cmake', make: 'make', compiler: 'llvm', onednn: 'onednn libomp' },
};

/** The system that tools would be installed on. */
export interface SystemFacts {
  readonly platform: NodeJS.Platform;
  /** Text of /etc/os-release; empty where there is none. */
  readonly osRelease: string;
  readonly isRoot: boolean;
}

/** Arguments of the command that installs what is missing; null where no package manager of ours is used. */
export function installCommand(
  missing: readonly BuildTool[],
  { platform, osRelease, isRoot }: SystemFacts,
): readonly string[] | null {
  const manager = platform === 'darwin' ? brew : linuxManager(osRelease);
  if (!manager) return null;
  const words = [manager.install, ...missing.map((tool) => manager.packages[tool])];
  return [...(manager.asRoot && !isRoot ? ['sudo'] : []), ...words.flatMap((w) => w.split(' '))];
}

/** Debian and its kin, where root may install without being asked for more. */
export function usesApt({ platform, osRelease }: SystemFacts): boolean {
  return platform === 'linux' && linuxManager(osRelease) === apt;
}

function linuxManager(osRelease: string): PackageManager | null {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, value]) =>
    (value ?? '').split(' '),
  );
  if (ids.some((id) => ['debian', 'ubuntu'].includes(id))) return apt;
  if (ids.some((id) => ['fedora', 'rhel', 'centos'].includes(id))) return dnf;
  return ids.includes('arch') ? pacman : null;
}
