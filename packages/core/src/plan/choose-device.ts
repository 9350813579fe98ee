import type { DeviceProbe } from '../points/device.js';
import type { Provider } from '../plugin/plugin.js';
import { deviceNotUsable, noUsableDevice } from './errors.js';

export interface DeviceCandidate {
  readonly plugin: string;
  readonly use: string;
  readonly provider: Provider<unknown>;
}

export interface DeviceChoice<C extends DeviceCandidate = DeviceCandidate> {
  readonly candidate: C;
  /** Why this one, and what would be faster; for plans and `doctor`. */
  readonly reason: string;
}

/** What each candidate says of itself, best preference first. */
export async function probeDevices<C extends DeviceCandidate>(
  candidates: readonly C[],
): Promise<{ candidate: C; probe: DeviceProbe }[]> {
  const ordered = [...candidates].sort(
    (a, b) => (b.provider.preference ?? 0) - (a.provider.preference ?? 0),
  );
  return Promise.all(
    ordered.map(async (candidate) => ({ candidate, probe: await probeOf(candidate) })),
  );
}

/**
 * The device to use: the one named, or with `auto` the most preferred one that works here.
 *
 * @throws RefoldError `RF-PLAN-DEVICE-UNUSABLE`, `RF-PLAN-NO-DEVICE`
 */
export async function chooseDevice<C extends DeviceCandidate>(
  use: string,
  candidates: readonly C[],
): Promise<DeviceChoice<C>> {
  if (use !== 'auto') {
    const candidate = candidates.find((one) => one.use === use);
    if (!candidate) throw noUsableDevice([]);
    const probe = await probeOf(candidate);
    if (!probe.usable) throw deviceNotUsable(use, probe);
    return { candidate, reason: `asked for by name; ${probe.reason}` };
  }
  const probed = await probeDevices(candidates);
  const chosen = probed.find(({ probe }) => probe.usable);
  if (!chosen) {
    throw noUsableDevice(probed.map(({ candidate, probe }) => ({ use: candidate.use, probe })));
  }
  const faster = probed.slice(0, probed.indexOf(chosen));
  const wouldBe = faster.map(({ candidate, probe }) => `${candidate.use} (${probe.reason})`);
  const reason =
    wouldBe.length === 0
      ? 'the fastest that is installed'
      : `the fastest that works here; faster would be ${wouldBe.join(', ')}`;
  return { candidate: chosen.candidate, reason };
}

async function probeOf({ provider }: DeviceCandidate): Promise<DeviceProbe> {
  if (!provider.probe) return { usable: true, reason: 'does not say' };
  try {
    return await provider.probe();
  } catch (error) {
    return { usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
