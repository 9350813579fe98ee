import { Dataset, Device, loadPlugins, pluginNames, type ConfigObject } from '@refold/core';
import { isRefoldError, type RefoldError } from '@refold/graph';
import { pointsOf } from './points-of.js';

/**
 * The configuration that a file brought along, to evaluate its network with. The network is in the file and needs no
 * model plugin (DESIGN §4): where a plugin is not installed here, only data and device count.
 *
 * @param config null where the file has none
 * @param from folders from which plugins are resolved
 * @throws RefoldError `RF-PLUGIN-NOT-FOUND` when it is the data set's plugin that is missing
 */
export async function storedConfig(
  config: Readonly<ConfigObject> | null,
  from: readonly string[],
): Promise<Readonly<ConfigObject>> {
  if (config === null) return {};
  const used: string[] = [];
  let missing: RefoldError | undefined;
  let hasData = false;
  for (const name of pluginNames({ value: config, origins: new Map() })) {
    try {
      const points = (await loadPlugins([name], { from })).flatMap(pointsOf);
      hasData ||= points.includes(Dataset.name);
      if (points.includes(Dataset.name) || points.includes(Device.name)) used.push(name);
    } catch (error) {
      if (!isRefoldError(error) || error.code !== 'RF-PLUGIN-NOT-FOUND') throw error;
      missing ??= error;
    }
  }
  if (missing === undefined) return config;
  if (!hasData) throw missing;
  const { data, device } = config;
  return { plugins: used, data, device };
}
