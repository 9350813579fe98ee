import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` in docs/performance.md. */
export function writeBetweenMarkers(name, text) {
  const target = join(import.meta.dirname, '..', 'docs', 'performance.md');
  const page = readFileSync(target, 'utf8');
  const marked = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  if (!marked.test(page)) throw new Error(`${target} has no markers called ${name}.`);
  writeFileSync(
    target,
    page.replace(marked, (_, open, close) => `${open}\n${text}\n\n${close}`),
  );
}
