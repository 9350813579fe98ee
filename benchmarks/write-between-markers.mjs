import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const target = join(import.meta.dirname, '..', 'docs', 'performance.md');

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->` in docs/performance.md.
 *
 * @param section where the page has no such markers: `{ title, intro, after }` makes the section, behind the first of
 * the markers named by `after` that the page has
 */
export async function writeBetweenMarkers(name, text, section) {
  const page = withSection(readFileSync(target, 'utf8'), name, section);
  const literally = name.replace(/[()]/g, '\\$&');
  const marked = new RegExp(`(<!-- ${literally} -->\n)[^]*?(<!-- /${literally} -->)`);
  if (!marked.test(page)) throw new Error(`${target} has no markers called ${name}.`);
  const written = page.replace(marked, (_, open, close) => `${open}\n${text}\n\n${close}`);
  const options = { ...(await resolveConfig(target)), filepath: target };
  writeFileSync(target, await format(written, options));
}

function withSection(page, name, section) {
  if (!section || page.includes(`<!-- ${name} -->`)) return page;
  const made = `\n\n## ${section.title}\n\n${section.intro}\n\n<!-- ${name} -->\n<!-- /${name} -->`;
  const behind = section.after.map((one) => `<!-- /${one} -->`).find((one) => page.includes(one));
  return behind ? page.replace(behind, () => behind + made) : page.trimEnd() + made;
}
