/** Writes the table of every configuration key into its guide, from the schemas of core and of the built plugins. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { configurationTable, marks, ownPlugins, page } from './lib/configuration-table.mjs';
import { main } from './lib/main.mjs';

await main(import.meta.url, async () => {
  const text = readFileSync(page, 'utf8');
  const before = text.slice(0, text.indexOf(marks.start) + marks.start.length);
  const after = text.slice(text.indexOf(marks.end));
  const table = configurationTable(await ownPlugins());
  const whole = `${before}\n\n${table}\n\n${after}`;
  const style = await resolveConfig(page);
  writeFileSync(page, await format(whole, { ...style, parser: 'markdown' }));
});
