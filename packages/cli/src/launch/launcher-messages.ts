import type { LauncherLines, RankEnd } from './launcher-lines.js';
import type { RankNotices } from './rank-notices.js';

/** How a rank says why it failed; where there is but one, it has no number, and a bug of ours begins with its stack. */
const REASON = /^(Rank \d+ of \d+ on \S+: |RF-[A-Z]|This is a bug, in Refold)|RF-DISTRIBUTED-/;

/** Separates what an MPI launcher writes into a stream about its processes from what these write themselves. */
export class LauncherMessages {
  /** A rank said why it failed. */
  hasReason = false;
  #rest = '';

  /** @param write takes whole lines that are for people */
  constructor(
    private readonly lines: LauncherLines,
    private readonly notices: RankNotices,
    private readonly write: (text: string) => void,
  ) {}

  /** The first end that the launcher told. */
  get end(): RankEnd | undefined {
    const { end } = this.lines;
    if (!end || end.rank !== null || end.process === null) return end;
    return { ...end, rank: this.notices.rankOf(end.process, end.host) };
  }

  take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
    // A bar that is drawn over has no end of line.
    if (this.#rest.includes('\r')) {
      this.write(this.#rest);
      this.#rest = '';
    }
  }

  finish(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#show(this.lines.finish());
  }

  #line(line: string): void {
    if (!this.notices.take(line)) this.#show(this.lines.take(line));
  }

  #show(lines: readonly string[]): void {
    for (const line of lines) {
      if (REASON.test(line)) this.hasReason = true;
      this.write(`${line}\n`);
    }
  }
}
