import type { ResolvedConfig } from '../config/resolve-config.js';
import { namesOf } from '../plugin/collect-providers.js';
import { Device } from '../points/device.js';
import { chooseDevice } from './choose-device.js';
import type { ChosenProvider } from './chosen-provider.js';

export interface Choice {
  /** In plugin order. */
  readonly chosen: readonly ChosenProvider[];
  /** Why this device; empty when no plugin provides one. */
  readonly deviceReason: string;
}

/**
 * Who takes part: every provider of points of which many may, and of the others the one that the
 * configuration names (for devices, `auto` asks each whether it works here).
 *
 * @throws RefoldError `RF-PLAN-DEVICE-UNUSABLE`, `RF-PLAN-NO-DEVICE`
 */
export async function chooseProviders(config: ResolvedConfig): Promise<Choice> {
  const candidates = config.declared
    .filter(({ point }) => point.name === Device.name)
    .flatMap((declared) => namesOf(declared).map((use) => ({ ...declared, use })));
  const device =
    candidates.length === 0 ? null : await chooseDevice(config.core.device.use, candidates);
  const chosen: ChosenProvider[] = [];
  for (const declared of config.declared) {
    const { plugin, point, provider } = declared;
    if (point.name === Device.name) {
      if (device && device.candidate.provider === provider) {
        const { use } = device.candidate;
        chosen.push({ plugin, point, provider, use, options: config.optionsFor(declared) });
      }
      continue;
    }
    const open = point.section === null || point.cardinality === 'many';
    const use = open ? point.name : config.use(point);
    if (use === undefined || (!open && !namesOf(declared).includes(use))) continue;
    chosen.push({ plugin, point, provider, use, options: config.optionsFor(declared) });
  }
  return { chosen, deviceReason: device?.reason ?? '' };
}
