/** One reading of a checkpoint by ours, for read-checkpoint.mjs; prints a line of JSON. `node … FILE` */
import { openWeights, readAll } from '@refold/formats';

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
  for (const { data } of tensors.values()) {
    const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
    const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
    sum = (sum + sumOf(words)) | 0;
  }
  return sum >>> 0;
}

function sumOf(words) {
  let [a, b, c, d] = [0, 0, 0, 0];
  const end = words.length - (words.length % 4);
  for (let i = 0; i < end; i += 4) {
    a = (a + words[i]) | 0;
    b = (b + words[i + 1]) | 0;
    c = (c + words[i + 2]) | 0;
    d = (d + words[i + 3]) | 0;
  }
  for (let i = end; i < words.length; i++) a = (a + words[i]) | 0;
  return (a + b + c + d) | 0;
}
