import {
  byExitCode,
  bySignal,
  type Ending,
  type LauncherLines,
  type RankEnd,
} from './launcher-lines.js';

const RULE = /^={60,}$/;
const BEGINNING = /^= +BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES/;
const PLACE = /^= +(?:RANK (\d+) )?PID (\d+) RUNNING AT (\S+)/;
const EXIT = /^= +EXIT CODE: (\d+)/;
/** Intel MPI's, in the block. */
const KILLED = /^= +KILLED BY SIGNAL: (\d+) \((.+)\)/;
/** MPICH's, behind the block. */
const ENDED = /^YOUR APPLICATION TERMINATED WITH THE EXIT STRING: (.+) \(signal (\d+)\)/;
const NOISE = [
  /^This typically refers to a problem with your application\.$/,
  /^Please see the FAQ page for debugging suggestions$/,
  /^\[(mpiexec|proxy)[:@]/,
  // The library's, before it ends the rank as it was told to.
  /^Abort\(\d+\) on node \d+ .*application called MPI_Abort/,
  /^application called MPI_Abort\(/,
];

/** SIGKILL, by which MPICH ends other ranks once one has ended. */
const MPICH_CLEANUP_SIGNAL = 9;
/** SIGTERM, by which Intel MPI is told to end other ranks once one has ended. */
export const CLEANUP_SIGNAL = 15;

/** Hydra, the mpirun of MPICH and Intel MPI, tells ends on stdout, each between rules of equals signs behind an empty line. */
export class HydraLines implements LauncherLines {
  /** By block. */
  readonly #ends: RankEnd[] = [];
  #isInside = false;
  /** An empty line and a rule that may be Hydra's. */
  #held: readonly string[] = [];

  get end(): RankEnd | undefined {
    return this.#ends.find(({ signal }) => signal !== CLEANUP_SIGNAL) ?? this.#ends[0];
  }

  take(line: string): readonly string[] {
    if (this.#isInside) {
      this.#isInside = !RULE.test(line);
      this.#tell(line);
      return [];
    }
    const held = this.#held;
    this.#held = [];
    if (BEGINNING.test(line) && RULE.test(held.at(-1) ?? '')) {
      this.#isInside = true;
      return held.slice(0, -1).filter((one) => one !== '');
    }
    if (RULE.test(line) && held.length < 2) {
      this.#held = [...held, line];
      return [];
    }
    if (line === '') {
      this.#held = [line];
      return held;
    }
    const [, text, number] = ENDED.exec(line) ?? [];
    if (number !== undefined) this.#signalled(Number(number), text!);
    return number !== undefined || NOISE.some((known) => known.test(line)) ? held : [...held, line];
  }

  finish(): readonly string[] {
    return this.#held;
  }

  #tell(line: string): void {
    const [, rank, process, host] = PLACE.exec(line) ?? [];
    if (host !== undefined) {
      const named = rank === undefined ? null : Number(rank);
      const place = { rank: named, process: Number(process), host };
      this.#ends.push({ ...place, how: 'ended', exitCode: null, signal: null });
    }
    const [, code] = EXIT.exec(line) ?? [];
    if (code !== undefined) this.#ended(byExitCode(Number(code)));
    const [, signal, name] = KILLED.exec(line) ?? [];
    if (name !== undefined) this.#ended(bySignal(Number(signal), name));
  }

  /** MPICH mixes into the signal those by which it ended other ranks: the block knows better, though not who came first. */
  #signalled(signal: number, name: string): void {
    const code = this.#ends.at(-1)?.exitCode ?? 0;
    const mayBeAnother = signal === MPICH_CLEANUP_SIGNAL;
    if ((code & 127) === signal) this.#ended({ ...bySignal(signal, name), mayBeAnother });
  }

  #ended(ending: Ending & Pick<RankEnd, 'mayBeAnother'>): void {
    const newest = this.#ends.pop();
    if (newest) this.#ends.push({ ...newest, ...ending });
  }
}
