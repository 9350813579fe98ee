/**
 * A script: lives a part of an engine's life that must not share its process with other tests, and prints what came of
 * it as JSON. Its argument says which. Needs `--expose-gc`.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker, parentPort, workerData } from 'node:worker_threads';
import type { TrainingSession } from '@refold/core';
import { loadAddon } from '../native/load-addon.js';
import { onednnDevice } from '../onednn-device.js';
import { noiseFor, repvggNetwork, repvggUse } from './repvgg-network.js';

export interface PrintedMemory {
  /** Resident bytes after each hundred of steps. */
  readonly resident: readonly number[];
}

export interface PrintedForgetting {
  readonly before: { readonly sessions: number; readonly bytes: number };
  /** Sessions that were open before they were forgotten. */
  readonly held: number;
  /** With sessions that nobody closed and nobody can reach. */
  readonly after: { readonly sessions: number; readonly bytes: number };
}

export interface PrintedThrowing {
  /** Messages of what nobody caught. */
  readonly uncaught: readonly string[];
  readonly imagesAfter: number;
}

export interface PrintedWorkers {
  /** The state in which each worker was when it was terminated. */
  readonly ended: readonly string[];
  readonly imagesAfter: number;
}

const graph = repvggNetwork();
const collect = (globalThis as { gc?: () => void }).gc!;
/** Lets finalizers run, which wait for a turn of the event loop. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function memory(): Promise<PrintedMemory> {
  const device = onednnDevice();
  const session = await device.load(graph, repvggUse(graph));
  const batch = noiseFor(graph, 1, 2);
  const resident: number[] = [];
  for (let step = 1; step <= 400; step++) {
    await session.backward(batch);
    await session.update(0.001);
    if (step % 100 !== 0) continue;
    collect();
    await turn();
    resident.push(process.memoryUsage().rss);
  }
  await device.close();
  return { resident };
}

/** The device is forgotten with its sessions: as long as it is there, it keeps them. */
async function forgetting(): Promise<PrintedForgetting> {
  // Memory is given back behind what is queued: an answer from this session says that it has been.
  const kept = onednnDevice();
  const other = await kept.load(graph, repvggUse(graph));
  const before = loadAddon().usage();
  const held = await (async () => {
    const device = onednnDevice();
    for (let i = 0; i < 5; i++) {
      const session = await device.load(graph, repvggUse(graph));
      await session.backward(noiseFor(graph, i, 6));
    }
    return loadAddon().usage().sessions;
  })();
  let after = loadAddon().usage();
  for (let i = 0; i < 100 && after.sessions > before.sessions; i++) {
    collect();
    await turn();
    await other.read();
    after = loadAddon().usage();
  }
  await kept.close();
  return { before, held, after };
}

async function throwing(): Promise<PrintedThrowing> {
  const uncaught: string[] = [];
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, (error: Error) => uncaught.push(error.message));
  const device = onednnDevice();
  const session: TrainingSession = await device.load(graph, repvggUse(graph));
  const batch = noiseFor(graph, 1, 6);
  void session.backward(batch).then(() => {
    throw new Error('after backward');
  });
  void session.gradients[0]!.read().then(() => {
    queueMicrotask(() => {
      throw new Error('in a microtask');
    });
  });
  void session.infer(batch).finally(() => {
    throw new Error('at last');
  });
  const { images } = await session.backward(batch);
  await session.update(0.01);
  await turn();
  await device.close();
  return { uncaught: uncaught.sort(), imagesAfter: images };
}

/** Ends the process in the middle of what the engine does. */
async function leaving(): Promise<string> {
  const device = onednnDevice();
  const session = await device.load(graph, repvggUse(graph));
  for (let i = 0; i < 20; i++) void session.backward(noiseFor(graph, i, 6));
  return 'left';
}

const workerEnds = ['closed', 'open', 'in flight'] as const;

/** In a worker: leaves a session behind in the state that was asked for, says so, and waits to be terminated. */
async function beWorker(end: (typeof workerEnds)[number]): Promise<void> {
  const device = onednnDevice();
  const session = await device.load(graph, repvggUse(graph));
  await session.backward(noiseFor(graph, 1, 6));
  if (end === 'closed') await device.close();
  if (end === 'in flight')
    for (let i = 0; i < 20; i++) void session.backward(noiseFor(graph, i, 6));
  parentPort!.postMessage(end);
  setInterval(() => undefined, 1000);
}

/** Workers that end before anybody else has loaded the addon; then the main thread computes. */
async function workers(): Promise<PrintedWorkers> {
  const ended: string[] = [];
  for (const end of workerEnds) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: end });
    const [said] = (await once(worker, 'message')) as [string];
    await worker.terminate();
    ended.push(said);
  }
  const device = onednnDevice();
  const session = await device.load(graph, repvggUse(graph));
  const { images } = await session.backward(noiseFor(graph, 1, 6));
  await device.close();
  return { ended, imagesAfter: images };
}

const parts = { memory, forgetting, throwing, leaving, workers };
if (parentPort) await beWorker(workerData as (typeof workerEnds)[number]);
else {
  const part = process.argv[2] as keyof typeof parts;
  process.stdout.write(JSON.stringify(await parts[part]()));
  if (part === 'leaving') process.exit(0);
}
