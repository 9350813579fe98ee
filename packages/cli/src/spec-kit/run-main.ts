import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { main } from '../main.js';

export interface MainResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process. */
export async function runMain(args: readonly string[], cwd = tmpdir()): Promise<MainResult> {
  const [stdout, stderr] = [textSink(), textSink()];
  const code = await main(args, { stdout, stderr, cwd });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A stream that keeps what is written to it. */
export function textSink(): Writable & { readonly text: string } {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return Object.defineProperty(sink, 'text', { get: () => text }) as Writable & { text: string };
}
