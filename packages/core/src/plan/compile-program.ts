import type { CompiledProgram, Device } from '../points/device.js';
import type { TrainingLoad } from '../run/training-load.js';

/**
 * Loads a training session for what its device says of it, and closes it again.
 *
 * @param load makes what is loaded; not called for devices that interpret
 * @returns null where the device compiles nothing
 */
export async function compileProgram(
  device: Device,
  load: () => TrainingLoad,
): Promise<CompiledProgram | null> {
  if (!device.info.compiles) return null;
  const { lossGraph, use } = load();
  // Nothing is trained in eight bits.
  if (use.precision === 'int8') return null;
  const session = await device.load(lossGraph, use);
  try {
    return session.compiled ?? null;
  } finally {
    await session.close();
  }
}
