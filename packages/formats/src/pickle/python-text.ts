const CONTROLS: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v',
}; // prettier-ignore

/** `inf`, `-inf` and `nan` as Python's repr writes them. */
export function pythonFloat(text: string): number {
  const word = /^([+-]?)inf/i.exec(text);
  if (word) return word[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}

/** Python's raw-unicode-escape: four digits after `\u`, eight after `\U`; a backslash after a backslash begins nothing. */
export function rawUnicode(text: string): string {
  const escapes = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[^])/g;
  return text.replace(escapes, (all: string, short?: string, long?: string) => {
    const point = parseInt(short ?? long ?? '', 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}

/**
 * The text of a literal in quotes as Python's repr writes it. Its escapes are of bytes, which are taken for UTF-8.
 *
 * @param literal one character for each byte (latin1)
 */
export function quotedText(literal: string): string {
  const inner = literal.replace(/^(['"])(.*)\1$/s, '$2');
  const bytes = inner.replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([^]))/gi, (...found) => {
    const [all, hex, octal, other] = found as (string | undefined)[];
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
    if (/['"\\]/.test(other!)) return other!;
    return Object.hasOwn(CONTROLS, other!) ? CONTROLS[other!]! : all!;
  });
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
