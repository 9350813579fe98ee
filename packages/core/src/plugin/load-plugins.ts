import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRefoldError } from '@refold/graph';
import { nearest } from '../config/nearest.js';
import { pluginApiVersion, pluginInvalid, pluginNotFound } from './errors.js';
import { importEntry } from './import-entry.js';
import type { Plugin } from './plugin.js';

export interface LoadPluginsOptions {
  /** Folders (absolute) from which names are resolved, in order: the configuration's, then the program's own. */
  readonly from: readonly string[];
}

/**
 * Imports plugins by name, in order. A name is a short name (`model-repvgg` for the package
 * `@refold/plugin-model-repvgg` or `refold-plugin-model-repvgg`), a package name, or a path that starts with `.` or `/`.
 *
 * @throws RefoldError `RF-PLUGIN-NOT-FOUND`, `RF-PLUGIN-INVALID`, `RF-PLUGIN-API-VERSION`
 */
export async function loadPlugins(
  names: readonly string[],
  { from }: LoadPluginsOptions,
): Promise<Plugin[]> {
  const plugins: Plugin[] = [];
  for (const name of names) plugins.push(await loadPlugin(name, from));
  return plugins;
}

async function loadPlugin(name: string, from: readonly string[]): Promise<Plugin> {
  const packages = packagesOf(name);
  const file = resolve(packages, from);
  if (file === undefined) {
    throw pluginNotFound(name, packages, nearest(name, installedPlugins(from)), undefined);
  }
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (cause) {
    if (isRefoldError(cause)) throw cause;
    throw pluginInvalid(name, `an error while importing it: ${String(cause)}`);
  }
  return checked(name, module.default);
}

/** The packages a name may stand for, likeliest first. */
function packagesOf(name: string): string[] {
  if (name.startsWith('.') || path.isAbsolute(name) || name.startsWith('@')) return [name];
  return [`@refold/plugin-${name}`, `refold-plugin-${name}`, name];
}

function resolve(packages: readonly string[], from: readonly string[]): string | undefined {
  for (const folder of from) {
    const require = createRequire(path.join(folder, 'noop.js'));
    for (const name of packages) {
      const file = name.startsWith('.') ? path.resolve(folder, name) : name;
      try {
        return require.resolve(file);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        // Not here: the next place may have it.
        if (code === 'MODULE_NOT_FOUND') continue;
        const forImport =
          code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
            ? importEntry(file, require.resolve.paths(file) ?? [])
            : undefined;
        if (forImport === undefined) {
          throw pluginInvalid(name, `an error while looking for it: ${String(cause)}`);
        }
        return forImport;
      }
    }
  }
  return undefined;
}

/** Short names of the `@refold/plugin-*` packages that can be loaded from the given folders. */
export function installedPlugins(from: readonly string[]): string[] {
  const names = new Set<string>();
  for (const start of from) {
    for (let folder = start; ; folder = path.dirname(folder)) {
      const scope = path.join(folder, 'node_modules', '@refold');
      if (existsSync(scope)) {
        for (const entry of readdirSync(scope)) {
          if (entry.startsWith('plugin-')) names.add(entry.slice('plugin-'.length));
        }
      }
      if (path.dirname(folder) === folder) break;
    }
  }
  return [...names].sort();
}

function checked(name: string, value: unknown): Plugin {
  const plugin = value as Partial<Plugin> | null | undefined;
  if (typeof plugin !== 'object' || plugin === null || typeof plugin.setup !== 'function') {
    throw pluginInvalid(name, value === undefined ? 'no default export' : typeof value);
  }
  if (typeof plugin.name !== 'string') throw pluginInvalid(name, 'a plugin without a name');
  if (plugin.apiVersion !== 1) throw pluginApiVersion(name, plugin.apiVersion);
  return plugin as Plugin;
}
