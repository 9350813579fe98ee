import type { RunState } from '@refold/core';
import { notFinite } from './errors.js';

/**
 * Makes sure that parameters, BN statistics and optimizer slots are numbers to go on from: a checkpoint of a network
 * that blew up would push out the good ones.
 *
 * @throws RefoldError `RF-CHECKPOINT-NON-FINITE` (exit 3) that names the first tensor
 */
export function checkFinite(file: string, { tensors, position }: RunState): void {
  for (const [name, { data }] of tensors) {
    const index = data.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) throw notFinite(file, position, name, index, data[index]);
  }
}
