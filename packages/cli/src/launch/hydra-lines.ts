import type { LauncherLines, RankEnd } from './launcher-lines.js';

const RULE = /^={60,}$/;
const PLACE = /^= +(?:RANK (\d+) )?PID (\d+) RUNNING AT (\S+)/;
const EXIT = /^= +EXIT CODE: (\d+)/;
/** Intel MPI's, in the block. */
const KILLED = /^= +KILLED BY SIGNAL: (\d+) \((.+)\)/;
/** MPICH's, behind the block. */
const ENDED = /^YOUR APPLICATION TERMINATED WITH THE EXIT STRING: (.+) \(signal (\d+)\)/;
const ADVICE = [
  /^This typically refers to a problem with your application\.$/,
  /^Please see the FAQ page for debugging suggestions$/,
];

/** SIGTERM, by which Intel MPI is told to end other ranks once one has ended. */
export const CLEANUP_SIGNAL = '15';

/** Hydra, the mpirun of MPICH and Intel MPI, tells ends on stdout, each between rules of equals signs behind an empty line. */
export class HydraLines implements LauncherLines {
  /** By block. */
  readonly #ends: RankEnd[] = [];
  #isInside = false;
  /** An empty line that may be Hydra's. */
  #blank: readonly string[] = [];

  get end(): RankEnd | undefined {
    const wasEnded = ({ how }: RankEnd) => how.includes(`signal ${CLEANUP_SIGNAL} `);
    return this.#ends.find((end) => !wasEnded(end)) ?? this.#ends[0];
  }

  take(line: string): readonly string[] {
    const held = this.#blank;
    this.#blank = [];
    if (RULE.test(line)) {
      this.#isInside = !this.#isInside;
      return [];
    }
    this.#tell(line);
    if (this.#isInside || ENDED.test(line) || ADVICE.some((known) => known.test(line))) return [];
    if (line !== '') return [...held, line];
    this.#blank = [line];
    return held;
  }

  finish(): readonly string[] {
    return this.#blank;
  }

  #tell(line: string): void {
    const [, rank, process, host] = PLACE.exec(line) ?? [];
    if (host !== undefined) {
      const named = rank === undefined ? null : Number(rank);
      this.#ends.push({ rank: named, process: Number(process), host, how: 'ended' });
    }
    const [, code] = EXIT.exec(line) ?? [];
    const [, signal, name] = KILLED.exec(line) ?? [];
    const [, text, number] = ENDED.exec(line) ?? [];
    if (code !== undefined) this.#ended(`ended with exit code ${code}`);
    if (name !== undefined) this.#ended(`was ended by signal ${signal} (${name})`);
    if (number !== undefined) this.#ended(`was ended by signal ${number} (${text})`);
  }

  #ended(how: string): void {
    const newest = this.#ends.pop();
    if (newest) this.#ends.push({ ...newest, how });
  }
}
