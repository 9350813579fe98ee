import { execFileSync } from 'node:child_process';

/** First line of each tool's `--version`, null where it is not on the PATH. Used by set-up and native devices. */
export function toolVersions(): Record<string, string | null> {
  return {
    python3: versionOf('python3'),
    'c++': versionOf('c++'),
    cmake: versionOf('cmake'),
    mpirun: versionOf('mpirun'),
  };
}

function versionOf(tool: string): string | null {
  try {
    const text = execFileSync(tool, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return text.split('\n')[0]?.trim() ?? '';
  } catch {
    return null;
  }
}
