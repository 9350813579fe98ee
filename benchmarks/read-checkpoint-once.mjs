/** One reading of a checkpoint by ours, for read-checkpoint.mjs; prints a line of JSON. `node … FILE` */
import { openWeights, readAll } from '@refold/formats';
import { sumOf } from './sum-words.mjs';

const before = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
const start = performance.now();
const file = await openWeights(process.argv[2]);
const tensors = await readAll(file.tensors);
await file.close();
const load = performance.now() - start;
const sum = sumOfAll();
const read = performance.now() - start;
const cpu = process.cpuUsage(cpuBefore);
const again = performance.now();
sumOfAll();
process.stdout.write(
  `${JSON.stringify({
    load,
    read,
    again: performance.now() - again,
    cpu: (cpu.user + cpu.system) / 1000,
    sum,
    // Linux gives kibibytes.
    grown: process.resourceUsage().maxRSS * 1024 - before,
  })}\n`,
);

/** Every byte is looked at: the sum of all 32-bit words, modulo 2^32. */
function sumOfAll() {
  let sum = 0;
  for (const { data } of tensors.values()) sum = (sum + sumOf(data)) | 0;
  return sum >>> 0;
}
