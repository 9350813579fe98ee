/** One reading of a checkpoint by ours, for read-checkpoint.mjs; prints a line of JSON. `node … FILE copied|mapped` */
import { openBytes, openWeights, readAll } from '@refold/formats';
import { sumOf } from './sum-words.mjs';

const PAGE_BYTES = 4096;
// What maps files is loaded before the clock runs, as Python's modules are.
await (await openBytes(import.meta.filename, { mapped: true })).close();
const before = process.memoryUsage.rss();
const start = performance.now();
const file = await openWeights(process.argv[2], { mapped: process.argv[3] === 'mapped' });
const tensors = await readAll(file.tensors);
await file.close();
const load = performance.now() - start;
let seen = 0;
for (const { data } of tensors.values()) {
  for (let at = 0; at < data.length; at += PAGE_BYTES) seen += data[at];
}
const there = performance.now() - start;
// Linux gives kibibytes.
const grown = process.resourceUsage().maxRSS * 1024 - before;
let sum = 0;
for (const { data } of tensors.values()) sum = (sum + sumOf(data)) | 0;
process.stdout.write(`${JSON.stringify({ load, there, grown, seen, sum: sum >>> 0 })}\n`);
