/** Characters that XML 1.0 has no way to write (production [2] `Char`), lone surrogates among them. */
// eslint-disable-next-line no-control-regex -- these are the ones meant
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Any text as XML, inside an element or a quoted attribute. What XML cannot say becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(UNWRITABLE, '\ufffd').replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

/** An element with attributes in the given order; without content it closes itself. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content?: string,
): string {
  const list = Object.entries(attributes)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? rounded(value) : escapeXml(value)}"`,
    )
    .join('');
  return content === undefined ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

/** Tenths of a pixel are enough, and the same on every machine. */
export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
