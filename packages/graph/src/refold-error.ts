/** What a {@link RefoldError} carries besides its code. */
export interface RefoldErrorParts {
  /** What is wrong, and where. One sentence, no trailing newline. */
  readonly message: string;
  /** What would have been right; printed as `Expected …`. */
  readonly expected?: string;
  /** What was there instead; printed as `Received …`. */
  readonly received?: string;
  /** What the reader can do about it. */
  readonly hint?: string;
  /** File and position the error is about, as `file:line:column` where known. */
  readonly where?: string;
  readonly cause?: unknown;
  /** Exit code of the command line (DESIGN §10): 1 the input is at fault (default), 2 usage, 3 a numeric gate failed. */
  readonly exitCode?: 1 | 2 | 3;
}

/**
 * A mistake a user can mend: bad configuration, data or file, or a numeric gate that did not hold.
 * The command line prints its message without a stack trace. `code` is stable (`RF-AREA-WHAT`);
 * tests and programs compare codes, never texts.
 */
export class RefoldError extends Error {
  readonly code: string;
  readonly parts: RefoldErrorParts;

  constructor(code: string, parts: RefoldErrorParts) {
    super(render(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'RefoldError';
    this.code = code;
    this.parts = parts;
  }

  get exitCode(): 1 | 2 | 3 {
    return this.parts.exitCode ?? 1;
  }
}

/** A broken assumption of Refold itself: shown with its stack trace and exit code 4. */
export class InternalError extends Error {
  constructor(message: string) {
    super(`${message} This is a bug in Refold, not in your input.`);
    this.name = 'InternalError';
  }
}

/** True for a {@link RefoldError} of any copy of this package or JavaScript realm (so not `instanceof`). */
export function isRefoldError(error: unknown): error is RefoldError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { name?: unknown }).name === 'RefoldError' &&
    typeof (error as { code?: unknown }).code === 'string'
  );
}

function render({ message, expected, received, hint, where }: RefoldErrorParts): string {
  const lines = [where ? `${where}: ${message}` : message];
  if (expected !== undefined) lines.push(`Expected ${expected}`);
  if (received !== undefined) lines.push(`Received ${received}`);
  if (hint) lines.push(hint);
  return lines.join('\n');
}
