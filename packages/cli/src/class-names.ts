/** Class names from text: a JSON list, a JSON object by index, or one name per line. */
export function readClassNames(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return Object.values(value).map(String);
  } catch {
    // Not JSON: lines.
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
