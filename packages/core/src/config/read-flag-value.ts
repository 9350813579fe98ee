import { parseDocument } from 'yaml';

/**
 * Reads a flag's text as YAML would: numbers, booleans, null, quoted strings, and lists and mappings in brackets.
 * All else is text as it stands, so that paths and names need no quoting. Never throws.
 */
export function readFlagValue(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '~') return text;
  const document = parseDocument(trimmed, { prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0 || document.warnings.length > 0) return text;
  if (document.contents === null) return text;
  const value = plain(document, text);
  if (typeof value === 'string') return /^["']/.test(trimmed) ? value : text;
  if (typeof value === 'object' && value !== null) return /^[[{]/.test(trimmed) ? value : text;
  return value;
}

function plain(document: ReturnType<typeof parseDocument>, text: string): unknown {
  try {
    return document.toJS();
  } catch {
    // `*.jpg` is an alias without an anchor to YAML.
    return text;
  }
}
