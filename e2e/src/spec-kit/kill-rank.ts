import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to the process that trains as this rank into this folder, as Linux tells of processes. */
export function killRank(rank: number, output: string, signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const env = readFileSync(`/proc/${pid}/environ`, 'utf8');
      const isRank = new RegExp(`(OMPI_COMM_WORLD_RANK|PMI_RANK)=${rank}\0`).test(env);
      if (isRank && line.includes(output)) process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}
