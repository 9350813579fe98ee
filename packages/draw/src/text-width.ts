/** Fonts of the picture; the widths are of DejaVu, the widest that a reader's system is likely to take. */
export const fonts = {
  title: { size: 13, factor: 0.64 },
  name: { size: 10.5, factor: 0.605 },
  detail: { size: 11, factor: 0.585 },
  caption: { size: 11, factor: 0.6 },
} as const;

export type Font = keyof typeof fonts;

/** About the width of a text, never much less. Characters of wide scripts count twice. */
export function textWidth(text: string, font: Font): number {
  const { size, factor } = fonts[font];
  let units = 0;
  for (const character of text) units += character.codePointAt(0)! >= 0x1100 ? 2 : 1;
  return units * size * factor;
}

/** The text within a width: its middle is left out where it does not fit, since names differ at their ends. */
export function shortened(text: string, font: Font, width: number): string {
  if (textWidth(text, font) <= width) return text;
  const characters = [...text];
  for (let kept = characters.length - 1; kept > 2; kept--) {
    const head = characters.slice(0, Math.ceil(kept / 2)).join('');
    const short = `${head}…${characters.slice(characters.length - Math.floor(kept / 2)).join('')}`;
    if (textWidth(short, font) <= width) return short;
  }
  return '…';
}
