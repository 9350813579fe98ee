import { hostname } from 'node:os';
import { ExitCode } from '../exit-code.js';
import type { RankEnd } from './launcher-lines.js';

const START = /^refold: rank (\d+) is process (\d+) on (\S+)$/;
const END = /^refold: rank (\d+) ends with exit code (\d+)$/;

/** What a rank that `refold launch` started writes first, for {@link RankNotices}: not every launcher names ranks. */
export function startNotice(rank: number): string {
  return `refold: rank ${rank} is process ${process.pid} on ${hostname()}\n`;
}

/** What it writes last: not every launcher remembers how ranks ended. */
export function endNotice(rank: number, exitCode: number): string {
  return `refold: rank ${rank} ends with exit code ${exitCode}\n`;
}

/** Which processes the ranks are and how they ended, as they said themselves. */
export class RankNotices {
  readonly #started: { readonly rank: number; readonly process: number; readonly host: string }[] =
    [];
  /** Exit codes by rank, in the order in which they were told. */
  readonly #ended = new Map<number, number>();

  /** Of the first rank that failed; undefined where none said so. */
  get failure(): number | undefined {
    return [...this.#ended.values()].find(
      (code) => code !== ExitCode.done && code !== ExitCode.interrupted,
    );
  }

  /** @returns whether the line was a notice */
  take(line: string): boolean {
    const [, rank, process, host] = START.exec(line) ?? [];
    if (host !== undefined)
      this.#started.push({ rank: Number(rank), process: Number(process), host });
    const [, ended, exitCode] = END.exec(line) ?? [];
    if (exitCode !== undefined) this.#ended.set(Number(ended), Number(exitCode));
    return host !== undefined || exitCode !== undefined;
  }

  /** Null where no rank said that it is this process, or several did and the host is none of theirs. */
  rankOf(process: number, host: string | null): number | null {
    const same = this.#started.filter((one) => one.process === process);
    const found = same.length === 1 ? same[0] : same.find((one) => one.host === host);
    return found?.rank ?? null;
  }

  /** The exit code of so many ranks together; null where one has not said its own. */
  exitCode(ranks: number): number | null {
    if (this.#ended.size < ranks) return null;
    const wasInterrupted = [...this.#ended.values()].includes(ExitCode.interrupted);
    return this.failure ?? (wasInterrupted ? ExitCode.interrupted : ExitCode.done);
  }

  /** The end of a rank that did not say it, named where there is but one. */
  get silent(): RankEnd {
    const [one, ...more] = this.#started.filter(({ rank }) => !this.#ended.has(rank));
    const { rank, process, host } =
      one && more.length === 0 ? one : { rank: null, process: null, host: null };
    return { rank, process, host, how: 'ended without a word', exitCode: null, signal: null };
  }
}
