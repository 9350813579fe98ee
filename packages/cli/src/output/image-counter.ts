import type { Writable } from 'node:stream';

/** How far a command is that goes through images. */
export interface ImageCounter {
  /** @param done images so far */
  at(done: number): void;
  /** Takes the unfinished line off a terminal. */
  end(): void;
}

/** Ten lines, or on a terminal one that changes, on stderr; nothing where `quiet`. */
export function imageCounter(stderr: Writable, total: number, quiet: boolean): ImageCounter {
  if (quiet) return { at: () => undefined, end: () => undefined };
  if ((stderr as { isTTY?: boolean }).isTTY === true) {
    return {
      at: (done) => void stderr.write(`\r\u001b[2K${done} / ${total} images`),
      end: () => void stderr.write('\r\u001b[2K'),
    };
  }
  let told = 0;
  return {
    at(done) {
      const tenth = Math.floor((10 * done) / total);
      if (tenth > told) stderr.write(`${done} / ${total} images\n`);
      told = tenth;
    },
    end: () => undefined,
  };
}
