/** How a process ended, as its launcher tells. */
export interface RankEnd {
  /** Null where the launcher does not say. */
  readonly rank: number | null;
  /** Null where the launcher does not say. */
  readonly host: string | null;
  /** `was ended by signal 9 (Killed)` */
  readonly how: string;
}

const RULE = /^-{60,}$/;
const SIGNAL = /process rank (\d+) with PID \d+ on node (\S+) exited on signal (\d+) \(([^)]*)\)/;
const EXIT = /Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)/;
/** Hydra's: `=   EXIT CODE: 9`, and of signals `YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)`. */
const HYDRA = /BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES|^=+$|^=\s/;
/** What Open MPI says when it passes on the wish to stop. */
const FORWARDING = /^mpirun: Forwarding signal \d+ to job$/;
const NOISE = [
  /Primary job\s+terminated normally/,
  /MPI_ABORT was invoked on rank/,
  /mpirun has exited due to process rank/,
  /one or more processes exited with non-zero status/,
];

/**
 * Separates what an MPI launcher writes to stderr about its processes from what these write themselves. Open MPI puts its
 * messages between rules of dashes.
 */
export class LauncherMessages {
  /** The first end that was told. */
  end: RankEnd | undefined;
  /** A rank said why it failed. */
  hasReason = false;
  #block: string[] | null = null;
  #rest = '';

  /** @param write takes whole lines that are for people */
  constructor(private readonly write: (text: string) => void) {}

  take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    // A bar that is drawn over has no end of line.
    if (this.#block === null && this.#rest.includes('\r')) {
      this.write(this.#rest);
      this.#rest = '';
    }
    for (const line of lines) this.#line(line);
  }

  finish(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    if (this.#block) this.#close(this.#block);
  }

  #line(line: string): void {
    if (RULE.test(line)) {
      if (this.#block === null) {
        this.#block = [];
      } else {
        const block = this.#block;
        this.#block = null;
        this.#close(block);
      }
    } else if (this.#block) {
      this.#block.push(line);
    } else if (!this.#hydra(line) && !FORWARDING.test(line)) {
      if (/^Rank \d+ of \d+ on |RF-DISTRIBUTED-/.test(line)) this.hasReason = true;
      this.write(`${line}\n`);
    }
  }

  #hydra(line: string): boolean {
    const signal = /EXIT STRING: (.+) \(signal (\d+)\)/.exec(line);
    if (signal)
      this.end ??= {
        rank: null,
        host: null,
        how: `was ended by signal ${signal[2]} (${signal[1]})`,
      };
    return HYDRA.test(line) || signal !== null;
  }

  #close(block: readonly string[]): void {
    const text = block.join('\n');
    const signal = SIGNAL.exec(text);
    const exit = EXIT.exec(text);
    if (signal) {
      const how = `was ended by signal ${signal[3]} (${signal[4]})`;
      this.end ??= { rank: Number(signal[1]), host: signal[2]!, how };
    } else if (exit) {
      this.end ??= { rank: Number(exit[1]), host: null, how: `ended with exit code ${exit[2]}` };
    } else if (!NOISE.some((known) => known.test(text)) && text.trim() !== '') {
      this.write(`${text}\n`);
    }
  }
}
