import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileNotWritable } from '../errors.js';

/** A text file that a command writes besides its result (`--events`, `--predictions`, `--report`). */
export interface OutputFile {
  /** One write, so that lines are whole at any moment. @throws RefoldError `RF-CLI-UNWRITABLE` (a full disk) */
  line(text: string): void;
  close(): void;
  /** Instead of `close`, where there is nothing to say after all: takes the file away. */
  discard(): void;
}

/**
 * Opens the file at once, so that a path that cannot be written is known before anything is computed.
 *
 * @param flag the option that names the file
 * @param file relative to `cwd`; what it held is overwritten
 * @throws RefoldError `RF-CLI-UNWRITABLE`
 */
export function openOutputFile(flag: string, file: string, cwd: string): OutputFile {
  const target = path.resolve(cwd, file);
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      throw fileNotWritable(flag, target, cause);
    }
  };
  const descriptor = guarded(() => openSync(target, 'w'));
  return {
    line: (text) => guarded(() => void writeSync(descriptor, `${text}\n`)),
    close: () => closeSync(descriptor),
    discard: () => {
      closeSync(descriptor);
      rmSync(target, { force: true });
    },
  };
}
