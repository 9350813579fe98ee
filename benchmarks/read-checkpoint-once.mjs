/** One reading of a checkpoint by ours, for read-checkpoint.mjs; prints a line of JSON. `node … FILE copied|mapped` */
import { openBytes, openWeights, readAll } from '@refold/formats';
import { sumOf } from './sum-words.mjs';

const PAGE_BYTES = 4096;
// What maps files is loaded before the clock runs, as Python's modules are; and the loop over the pages, which is not what is
// measured, is compiled, as Python's is.
await (await openBytes(import.meta.filename, { mapped: true })).close();
const warm = new Uint8Array(1 << 24);
for (let i = 0; i < 20; i++) touch(warm);
const before = process.memoryUsage.rss();
const start = performance.now();
const file = await openWeights(process.argv[2], { mapped: process.argv[3] === 'mapped' });
const tensors = await readAll(file.tensors);
await file.close();
const load = performance.now() - start;
let seen = 0;
for (const { data } of tensors.values()) {
  seen += touch(data);
}
const there = performance.now() - start;
// Linux gives kibibytes.
const grown = process.resourceUsage().maxRSS * 1024 - before;
let sum = 0;
for (const { data } of tensors.values()) sum = (sum + sumOf(data)) | 0;
process.stdout.write(`${JSON.stringify({ load, there, grown, seen, sum: sum >>> 0 })}\n`);

/** Sum of a byte of every page. */
function touch(data) {
  let seen = 0;
  for (let at = 0; at < data.length; at += PAGE_BYTES) seen += data[at];
  return seen;
}
