import { RefoldError } from '@refold/graph';
import type { DeviceProbe } from '../points/device.js';
import type { ExtensionPoint } from '../plugin/extension-point.js';
import type { ChosenProvider } from './chosen-provider.js';

/** A provider needs a point that nothing provides. */
export function needMissing(
  { plugin, use }: ChosenProvider,
  name: string,
  point: ExtensionPoint<unknown>,
): RefoldError {
  return new RefoldError('RF-PLAN-MISSING', {
    message: `'${use}' of ${plugin} needs '${name}', a ${point.name}, and no plugin provides one.`,
    expected: `a plugin in plugins that provides ${point.name}`,
  });
}

/** Something was asked of the run that no plugin provides. */
export function pointNotProvided(point: ExtensionPoint<unknown>): RefoldError {
  const hint = point.section
    ? `List a plugin that provides one in plugins, and choose it with '${point.section}: { use: … }'.`
    : 'List a plugin that provides one in plugins.';
  return new RefoldError('RF-PLAN-MISSING', {
    message: `No listed plugin provides a ${point.name}.`,
    hint,
  });
}

/** Providers that need each other in a circle. */
export function needsCycle(circle: readonly ChosenProvider[]): RefoldError {
  const path = circle.map(({ plugin, point }) => `${point.name} (${plugin})`).join(' → ');
  return new RefoldError('RF-PLAN-CYCLE', {
    message: `Providers need each other in a circle: ${path}.`,
    expected: 'needs without a circle',
  });
}

/** `device: auto` found none that works. */
export function noUsableDevice(
  probes: readonly { readonly use: string; readonly probe: DeviceProbe }[],
): RefoldError {
  const reasons = probes.map(({ use, probe }) => `  ${use}: ${probe.reason}`).join('\n');
  return new RefoldError('RF-PLAN-NO-DEVICE', {
    message: 'No device works here.',
    received: probes.length === 0 ? 'no plugin that provides a Device' : `\n${reasons}`,
    hint: "List a device plugin in plugins ('device-tfjs' needs npm alone) and see `refold doctor`.",
  });
}

/** The device that was asked for by name does not work here. */
export function deviceNotUsable(use: string, { reason }: DeviceProbe): RefoldError {
  return new RefoldError('RF-PLAN-DEVICE-UNUSABLE', {
    message: `The device '${use}' does not work here: ${reason}`,
    hint: "Choose 'auto', or see `refold doctor` for what is missing.",
  });
}

/** A split too small for a single update. */
export function noSteps(size: number, globalBatch: number): RefoldError {
  return new RefoldError('RF-PLAN-NO-STEPS', {
    message: 'The training split does not fill a single global batch.',
    expected: `at least ${globalBatch} images (batch × replicas × accumulation)`,
    received: `${size}`,
    hint: 'Lower data.batchSize.',
  });
}

/** More classes in the data than the model is to tell apart. */
export function tooFewClasses(numClasses: number, classes: number): RefoldError {
  return new RefoldError('RF-PLAN-CLASSES', {
    message: 'The data has more classes than model.numClasses.',
    expected: `at most ${numClasses} classes`,
    received: `${classes}`,
    hint: "Set model.numClasses to null to take the data's number, or check data.dir.",
  });
}
