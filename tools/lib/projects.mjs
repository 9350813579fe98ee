import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * @typedef {object} Project
 * @property {string} dir relative to the repository root, with forward slashes (`packages/graph`)
 * @property {string} name npm name (`@refold/graph`)
 * @property {Record<string, any>} manifest its package.json
 * @property {readonly string[]} scopes tags that start with `scope:`
 */

/** Every project of the workspace, sorted by folder. Reads the disk; needs no dependencies. @returns {Project[]} */
export function projects() {
  const { workspaces } = readJson('package.json');
  return workspaces
    .flatMap((pattern) => (pattern.endsWith('/*') ? children(pattern.slice(0, -2)) : [pattern]))
    .filter((dir) => existsSync(join(root, dir, 'package.json')))
    .map((dir) => {
      const manifest = readJson(`${dir}/package.json`);
      const scopes = (manifest.nx?.tags ?? []).filter((tag) => tag.startsWith('scope:'));
      return { dir, name: manifest.name, manifest, scopes };
    })
    .sort((a, b) => (a.dir < b.dir ? -1 : 1));
}

/** Parses a JSON file given by its path from the root. */
export function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function children(dir) {
  if (!existsSync(join(root, dir))) return [];
  return readdirSync(join(root, dir), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${dir}/${entry.name}`);
}
