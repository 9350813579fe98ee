import type { Plugin } from './plugin.js';

/** Section of the configuration that holds a plugin's options (see {@link Plugin.section}). */
export function pluginSection(plugin: Pick<Plugin, 'name' | 'section'>): string {
  if (plugin.section !== undefined) return plugin.section;
  const bare = plugin.name
    .replace(/^@[^/]+\//, '')
    .replace(/^refold-/, '')
    .replace(/^plugin-/, '');
  return bare.replaceAll(/[-_.]+(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
