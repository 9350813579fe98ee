import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { configKeys, loadPlugins } from '@refold/core';
import { root } from './root.mjs';

/** The page that holds the table, and the comments around it. */
export const page = join(root, 'docs/guides/configuration.md');
export const marks = {
  start: '<!-- table of keys: node tools/write-configuration-table.mjs -->',
  end: '<!-- end of table -->',
};

/** Loads every plugin of this repository. Builds must be up to date. */
export async function ownPlugins() {
  const folders = readdirSync(join(root, 'plugins')).sort();
  return loadPlugins(
    folders.map((folder) => `@refold/plugin-${folder}`),
    { from: [root] },
  );
}

/**
 * Every key of core and of this repository's plugins as Markdown tables, section by section.
 *
 * @param {readonly import('@refold/core').Plugin[]} plugins
 */
export function configurationTable(plugins) {
  const sections = new Map();
  for (const key of configKeys(plugins)) {
    const section = key.path.includes('.') ? key.path.slice(0, key.path.indexOf('.')) : '';
    sections.set(section, [...(sections.get(section) ?? []), key]);
  }
  return [...sections]
    .map(([section, keys]) => {
      const rows = keys.map((key) => `| ${cells(key).join(' | ')} |`);
      const heading = section === '' ? '### At the top level' : `### ${section}`;
      return [
        heading,
        '',
        '| key | value | default | what it does |',
        '| --- | --- | --- | --- |',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}

function cells({ path, owners, uses, schema, description }) {
  const plugins = owners
    .filter((owner) => owner !== 'core')
    .map((owner) => owner.replace('@refold/plugin-', ''));
  const whose =
    uses.length > 0 && uses.length <= 4
      ? ` (${uses.join(', ')})`
      : plugins.length > 0
        ? ` (${plugins.join(', ')})`
        : '';
  const standard = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  return [`\`${path}\``, valueOf(schema), standard, `${description}${whose}`.trim()].map((text) =>
    text.replaceAll('|', '\\|'),
  );
}

/** The values that a JSON Schema allows, in few words. */
function valueOf(schema) {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return branches.map(valueOf).join(' or ');
  if (schema.type === 'array') {
    const items = schema.prefixItems ? schema.prefixItems.map(valueOf) : [];
    if (items.length > 0) return `[${items.join(', ')}]`;
    return schema.items ? `list of ${valueOf(schema.items)}` : 'list';
  }
  const names = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    object: 'mapping',
    null: 'null',
  };
  const types = [schema.type ?? 'anything'].flat();
  return types.map((type) => names[type] ?? type).join(' or ') + range(schema);
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }) {
  const limits = [
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? '' : `≥ ${minimum}`,
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `≤ ${maximum}`,
  ].filter((text) => text !== '');
  return limits.length > 0 ? ` ${limits.join(', ')}` : '';
}
