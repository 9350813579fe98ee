import type { Io } from '../io.js';
import type { LauncherFamily } from './find-launcher.js';
import { HydraLines } from './hydra-lines.js';
import type { LauncherLines } from './launcher-lines.js';
import { LauncherMessages } from './launcher-messages.js';
import { OpenMpiLines } from './open-mpi-lines.js';
import { RankNotices } from './rank-notices.js';

/**
 * A launcher's two streams, on their way to the user: Open MPI's speaks on stderr, Hydra on stdout, its library on stderr.
 * What ranks say of themselves for the launch is kept back in `notices`.
 */
export function launcherStreams(family: LauncherFamily, io: Pick<Io, 'stdout' | 'stderr'>) {
  const notices = new RankNotices();
  const [stdout, stderr] =
    family === 'openmpi'
      ? [new RanksOnly(), new OpenMpiLines()]
      : [new HydraLines(), new HydraLines()];
  return {
    notices,
    stdout: new LauncherMessages(stdout, notices, (text) => io.stdout.write(text)),
    stderr: new LauncherMessages(stderr, notices, (text) => io.stderr.write(text)),
  };
}

/** Where the launcher itself says nothing. */
class RanksOnly implements LauncherLines {
  readonly end = undefined;
  readonly take = (line: string) => [line];
  readonly finish = () => [];
}
