/** Large networks have some thousand tensors; a header of many more would only take time. */
const MAX_KEYS = 250_000;

/** A rule that plain `JSON.parse` does not hold: where (characters from the start) and what. */
export interface JsonFinding {
  readonly index: number;
  readonly message: string;
  readonly received: string;
}

/**
 * Looks through JSON text, without recursion, for nesting deeper than `maxDepth` and for repeated keys in one object
 * (of which `JSON.parse` would silently keep the last). Assumes nothing about validity: `JSON.parse` judges that.
 *
 * @returns the first finding, or null
 */
export function scanJson(text: string, maxDepth: number): JsonFinding | null {
  /** One entry per open bracket: the keys so far for an object, null for an array. */
  const open: (Set<string> | null)[] = [];
  let expectKey = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charAt(i)) {
      case '{':
      case '[':
        if (open.length === maxDepth) {
          return {
            index: i,
            message: 'The JSON is nested too deeply.',
            received: `depth ${maxDepth + 1}`,
          };
        }
        expectKey = text[i] === '{';
        open.push(expectKey ? new Set() : null);
        break;
      case '}':
      case ']':
        open.pop();
        expectKey = false;
        break;
      case ',':
        expectKey = open.at(-1) instanceof Set;
        break;
      case ':':
        expectKey = false;
        break;
      case '"': {
        const end = endOfString(text, i);
        const keys = open.at(-1);
        if (expectKey && keys) {
          const key = unquote(text.slice(i, end + 1));
          if (keys.has(key)) {
            return { index: i, message: 'A key appears twice.', received: JSON.stringify(key) };
          }
          keys.add(key);
          if (keys.size > MAX_KEYS) {
            const received = `more than ${MAX_KEYS}`;
            return { index: i, message: 'An object has too many keys.', received };
          }
        }
        i = end;
        break;
      }
    }
  }
  return null;
}

/** Index of the closing quote of the string that opens at `start`; the text's end where there is none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** An odd number of backslashes stands before the quote. */
function isEscaped(text: string, quote: number): boolean {
  let start = quote;
  while (text[start - 1] === '\\') start--;
  return (quote - start) % 2 === 1;
}

/** Resolves escapes, so that `"a"` and `"\u0061"` are seen as one key. */
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
