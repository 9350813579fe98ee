import type { ResolvedConfig } from '../config/resolve-config.js';
import { namesOf } from '../plugin/collect-providers.js';
import { Device } from '../points/device.js';
import { chooseDevice, type DeviceCandidate } from './choose-device.js';
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
  const device = await deviceOf(config);
  const chosen: ChosenProvider[] = [];
  for (const declared of config.declared) {
    const { plugin, point, provider } = declared;
    if (point.name === Device.name) {
      if (device?.chosen.provider === provider) chosen.push(device.chosen);
      continue;
    }
    const open = point.section === null || point.cardinality === 'many';
    const use = open ? point.name : config.use(point);
    if (use === undefined || (!open && !namesOf(declared).includes(use))) continue;
    chosen.push({ plugin, point, provider, use, options: config.optionsFor(declared) });
  }
  return { chosen, deviceReason: device?.reason ?? '' };
}

/** The device, or the one that wraps it: where the configuration names one, or where one says that it is to wrap. */
async function deviceOf(
  config: ResolvedConfig,
): Promise<{ chosen: ChosenProvider; reason: string } | null> {
  const candidates = config.declared
    .filter(({ point }) => point.name === Device.name)
    .flatMap((declared) => namesOf(declared).map((use) => ({ ...declared, use })));
  if (candidates.length === 0) return null;
  const { use, inner } = config.core.device;
  const named = candidates.find((one) => one.use === use && one.provider.wraps);
  const wrapper = named ?? candidates.find(({ provider }) => provider.wraps?.());
  const plain = candidates.filter(({ provider }) => !provider.wraps);
  const choice = await chooseDevice(named ? inner : use, plain);
  const own = chosenOf(choice.candidate, config);
  if (!wrapper) return { chosen: own, reason: choice.reason };
  await chooseDevice(wrapper.use, [wrapper]);
  return {
    chosen: { ...chosenOf(wrapper, config), inner: own },
    reason: `${choice.candidate.use}: ${choice.reason}`,
  };
}

type Candidate = DeviceCandidate & ResolvedConfig['declared'][number];

function chosenOf(candidate: Candidate, config: ResolvedConfig): ChosenProvider {
  const { plugin, point, provider, use } = candidate;
  return { plugin, point, provider, use, options: config.optionsFor(candidate) };
}
