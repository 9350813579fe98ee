import { Device, type CompiledProgram, type Pipeline } from '@refold/core';
import { initialise, type Graph } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import { standInQuantisation } from './stand-in-quantisation.js';

/**
 * What the device makes of the network in eight bits: of its fused form, in inference, with fresh weights.
 *
 * @param graph in train form
 * @returns null where the device compiles nothing
 * @throws RefoldError `RF-DEVICE-PRECISION`; `RF-QUANTISE-TRAIN-FORM` where batch norms are left
 */
export async function compileInIntegers(
  pipeline: Pipeline,
  graph: Graph,
  batchSize: number,
): Promise<CompiledProgram | null> {
  const scope = await pipeline.open();
  try {
    const device = await scope.get(Device);
    if (!device.info.compiles) return null;
    const fused = fusedForm(graph);
    const weights = initialise(fused, 0);
    const quantisation = standInQuantisation(fused, weights);
    const use = { kind: 'inference', batchSize, precision: 'int8', weights, quantisation } as const;
    const session = await device.load(fused, use);
    return session.compiled ?? null;
  } finally {
    await scope.close();
  }
}
