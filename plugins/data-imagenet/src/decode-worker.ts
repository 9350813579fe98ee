import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { InternalError } from '@refold/graph';
import { prepareEvaluation, type Pixels } from '@refold/images';
import { decodeRgb, loadSharp } from './decode-image.js';
import { CLOSE, type DecodeDone, type DecodeFailure, type DecodeJob } from './decode-job.js';
import { PixelCache } from './pixel-cache.js';
import { prepareTraining } from './prepare-sample.js';

/* The script of a decoding thread: jobs in the order they come, one image at a time. */

if (!parentPort) throw new InternalError('decode-worker.js runs in a worker thread only.');
const port = parentPort;
const sharp = await loadSharp();

let last: Promise<void> = Promise.resolve();
port.on('message', (message: DecodeJob | typeof CLOSE) => {
  last = last.then(async () => {
    if (message === CLOSE) port.close();
    else port.postMessage({ id: message.id, failures: await work(message) } satisfies DecodeDone);
  });
});

async function work(job: DecodeJob): Promise<DecodeFailure[]> {
  const cursor = new Int32Array(job.cursor);
  const cache = job.cache && new PixelCache(job.cache);
  const failures: DecodeFailure[] = [];
  for (;;) {
    const position = Atomics.add(cursor, 0, 1);
    if (position >= job.files.length) return failures;
    const out = new Uint8Array(job.out, position * job.sampleBytes, job.sampleBytes);
    try {
      await makeSample(job, position, cache, out);
    } catch (error) {
      failures.push({ position, reason: reasonOf(error) });
    }
  }
}

/** Training keeps whole pictures, to crop them anew each epoch; evaluation keeps the finished sample. */
async function makeSample(
  { files, samples, recipe, seed, epoch }: DecodeJob,
  position: number,
  cache: PixelCache | null,
  out: Uint8Array,
): Promise<void> {
  const sample = samples[position]!;
  const file = files[position]!;
  const kept = cache?.get(sample);
  if (recipe.kind === 'train') {
    const picture = kept ?? (await decode(file));
    if (!kept) cache?.put(sample, picture);
    prepareTraining(picture, recipe, { seed, epoch, sample }, out);
  } else if (kept) {
    out.set(kept.data_HWC);
  } else {
    prepareEvaluation(await decode(file), recipe, out);
    cache?.put(sample, { data_HWC: out, width: recipe.crop, height: recipe.crop, channels: 3 });
  }
}

async function decode(file: string): Promise<Pixels> {
  const bytes = readFileSync(file);
  if (bytes.length === 0) throw new Error('the file is empty');
  return decodeRgb(sharp, bytes);
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!;
}
