/** Writes the `references` of every tsconfig.json from the dependencies in its package.json. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectedReferences } from './checks/project-references.mjs';
import { main } from './lib/main.mjs';
import { readJson } from './lib/projects.mjs';
import { root } from './lib/root.mjs';

await main(import.meta.url, () => {
  for (const [file, references] of expectedReferences()) {
    const config = { ...readJson(file), references };
    writeFileSync(join(root, file), `${JSON.stringify(config, null, 2)}\n`);
  }
});
