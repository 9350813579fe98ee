import type { Network } from '@refold/core';
import { valueDoesNotFit } from './errors.js';

/** Of an Ethernet without more: measured latencies of TCP lie between 20 and 60 µs. */
const LATENCY_MS = 0.04;

/** `25Gb`, `800Mb/s`, or with a latency `25Gb,10us`. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function networkOf(text: string): Network {
  const match = /^([\d.]+)\s*([GgMm])b(?:\/s|ps)?(?:,\s*([\d.]+)\s*(us|µs|ms))?$/.exec(text);
  const [, amount = '', unit = '', latency, scale] = match ?? [];
  const bandwidth = (Number(amount) * (unit.toUpperCase() === 'G' ? 1e9 : 1e6)) / 8;
  if (!match || !(bandwidth > 0))
    throw valueDoesNotFit(
      '--network',
      "bits per second and a latency, as '25Gb' or '25Gb,10us'",
      text,
    );
  const latencyMs =
    latency === undefined ? LATENCY_MS : Number(latency) / (scale === 'ms' ? 1 : 1000);
  return { bandwidth, latencyMs };
}

/** 1, 2, 4 … up to the number asked for. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function nodesUpTo(text: string): readonly number[] {
  const most = Number(text);
  if (!Number.isInteger(most) || most < 1)
    throw valueDoesNotFit('--nodes', 'a whole number above 0', text);
  const counts: number[] = [];
  for (let nodes = 1; nodes < most; nodes *= 2) counts.push(nodes);
  return [...counts, most];
}
