import { byExitCode, bySignal, type LauncherLines, type RankEnd } from './launcher-lines.js';

const RULE = /^-{60,}$/;
const SIGNAL = /process rank (\d+) with PID (\d+) on node (\S+) exited on signal (\d+) \(([^)]*)\)/;
const EXIT = /Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)/;
/** What it says when it passes on the wish to stop. */
const FORWARDING = /^\S+: Forwarding signal \d+ to job$/;
const NOISE = [
  /Primary job\s+terminated normally/,
  /MPI_ABORT was invoked on rank/,
  /mpirun has exited due to process rank/,
  /one or more processes exited with non-zero status/,
];

/** Open MPI's mpirun puts what it says on stderr between rules of dashes. */
export class OpenMpiLines implements LauncherLines {
  end: RankEnd | undefined;
  #block: string[] | null = null;

  take(line: string): readonly string[] {
    if (RULE.test(line)) {
      const block = this.#block;
      this.#block = block === null ? [] : null;
      return block === null ? [] : this.#close(block);
    }
    if (this.#block === null) return FORWARDING.test(line) ? [] : [line];
    this.#block.push(line);
    return [];
  }

  finish(): readonly string[] {
    return this.#block === null ? [] : this.#close(this.#block);
  }

  #close(block: readonly string[]): readonly string[] {
    const text = block.join('\n');
    const [, rank, process, host, number, name] = SIGNAL.exec(text) ?? [];
    const exit = EXIT.exec(text);
    if (name !== undefined) {
      const named = { rank: Number(rank), process: Number(process), host: host! };
      this.end ??= { ...named, ...bySignal(Number(number), name) };
      return [];
    }
    if (exit) {
      const named = { rank: Number(exit[1]), process: null, host: null };
      this.end ??= { ...named, ...byExitCode(Number(exit[2])) };
      return [];
    }
    return text.trim() === '' || NOISE.some((known) => known.test(text)) ? [] : block;
  }
}
