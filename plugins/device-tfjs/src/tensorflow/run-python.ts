import { spawn } from 'node:child_process';

/** A command that starts Python: `['python3']`, or on Windows `['py', '-3']`. */
export type PythonCommand = readonly [command: string, ...args: string[]];

/** How a Python process ended: exit code (null when killed or not startable) and its last lines. */
export interface PythonRun {
  readonly exitCode: number | null;
  /** The last lines of stdout and stderr, in the order they came. */
  readonly tail: string;
}

const TAIL_LINES = 15;

/**
 * Runs Python and hands every line of its output to `onLine` as it comes. Never rejects: a command
 * that does not exist ends with exit code null and the reason as its tail. `signal` ends the process.
 */
export function runPython(
  python: PythonCommand,
  args: readonly string[],
  options: { onLine?: (line: string) => void; signal?: AbortSignal } = {},
): Promise<PythonRun> {
  const [command, ...first] = python;
  return new Promise((resolve) => {
    const tail: string[] = [];
    const child = spawn(command, [...first, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Into a folder of its own, pip's warning about the root user has no meaning.
      env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore', PYTHONUNBUFFERED: '1' },
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const take = (line: string) => {
      if (line.trim() === '') return;
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line);
    };
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split(/\r?\n|\r/);
        rest = lines.pop() ?? '';
        lines.forEach(take);
      });
      stream.on('end', () => take(rest));
    }
    child.on('error', (error) => take(error.message));
    child.on('close', (code) =>
      resolve({ exitCode: code !== null && code >= 0 ? code : null, tail: tail.join('\n') }),
    );
  });
}
