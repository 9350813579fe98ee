import type { MeasuredStep, Network, ScalingPrediction } from '@refold/core';
import { printTable } from './print-table.js';

/** How steps are predicted to take on more nodes, for people. */
export function describeScaling(
  step: MeasuredStep,
  network: Network,
  rows: readonly ScalingPrediction[],
  batchSize: number,
): string {
  const bytes = step.bucketBytes.reduce((sum, one) => sum + one, 0);
  const measured = `One node: forward ${step.forwardMs.toFixed(0)} ms, backward ${step.backwardMs.toFixed(0)} ms, update ${step.updateMs.toFixed(0)} ms (measured); ${(bytes / 1e6).toFixed(1)} MB of gradients in ${step.bucketBytes.length} buckets.`;
  const assumed = `Network: ${(8e-9 * network.bandwidth).toFixed(1)} Gb/s and ${(1000 * network.latencyMs).toFixed(0)} µs per message, all-reduce on a ring.`;
  const table = printTable([
    ['nodes', 'ms per step', 'of it waiting', 'communication ms', 'images/s', 'efficiency'],
    ...rows.map(({ nodes, stepMs, waitingMs, communicationMs, efficiency }) => [
      ...[String(nodes), stepMs.toFixed(0), waitingMs.toFixed(0), communicationMs.toFixed(0)],
      ...[((1000 * nodes * batchSize) / stepMs).toFixed(0), `${(100 * efficiency).toFixed(0)} %`],
    ]),
  ]);
  return `${measured}\n${assumed}\n\n${table}`;
}
