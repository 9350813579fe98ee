import { hostname } from 'node:os';

const NOTICE = /^refold: rank (\d+) is process (\d+) on (\S+)$/;

/** What a rank that `refold launch` started writes first, for {@link RankNotices}: not every launcher names ranks. */
export function rankNotice(rank: number): string {
  return `refold: rank ${rank} is process ${process.pid} on ${hostname()}\n`;
}

/** Which processes the ranks are, as they said themselves. */
export class RankNotices {
  readonly #known: { readonly rank: number; readonly process: number; readonly host: string }[] =
    [];

  /** @returns whether the line was a notice */
  take(line: string): boolean {
    const [, rank, process, host] = NOTICE.exec(line) ?? [];
    if (host === undefined) return false;
    this.#known.push({ rank: Number(rank), process: Number(process), host });
    return true;
  }

  /** Null where no rank said that it is this process, or several did and the host is none of theirs. */
  rankOf(process: number, host: string | null): number | null {
    const same = this.#known.filter((one) => one.process === process);
    const found = same.length === 1 ? same[0] : same.find((one) => one.host === host);
    return found?.rank ?? null;
  }
}
