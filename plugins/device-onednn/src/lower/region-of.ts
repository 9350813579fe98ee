/**
 * The part of a network under which people look for a node: its path up to the block's number
 * (`stages.2.13.conv_kxk.conv` → `stages.2.13`), or the first name where there is no number (`stem.conv` → `stem`).
 */
export function regionOf(name: string): string {
  const parts = name.split('.');
  const isNumber = (part: string | undefined) => part !== undefined && /^\d+$/.test(part);
  let end = 1;
  while (isNumber(parts[end])) end++;
  return parts.slice(0, end).join('.');
}
