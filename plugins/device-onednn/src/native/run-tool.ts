import { spawn } from 'node:child_process';

/** How a tool ended. */
export interface ToolRun {
  /** Null where it could not be started, or a signal ended it. */
  readonly exitCode: number | null;
  /** The last lines of its output, or why it did not start. */
  readonly tail: string;
}

const TAIL_LINES = 20;

/**
 * Runs a command-line tool to its end; never rejects.
 *
 * @param env its environment, in whose PATH it is looked for
 * @param onLine takes each line of its output as it comes
 */
export function runTool(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void = () => undefined,
): Promise<ToolRun> {
  return new Promise((resolve) => {
    const tail: string[] = [];
    const take = (line: string) => {
      if (line.trim() === '') return;
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine(line);
    };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split(/\r?\n/);
        rest = lines.pop() ?? '';
        lines.forEach(take);
      });
      stream.on('end', () => take(rest));
    }
    child.on('error', ({ message }) => take(message));
    child.on('close', (code) =>
      resolve({ exitCode: code !== null && code >= 0 ? code : null, tail: tail.join('\n') }),
    );
  });
}
