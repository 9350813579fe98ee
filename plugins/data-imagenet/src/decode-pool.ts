import { Worker } from 'node:worker_threads';
import { InternalError } from '@refold/graph';
import { loadSharp } from './decode-image.js';
import { CLOSE, type DecodeDone, type DecodeFailure, type DecodeJob } from './decode-job.js';

/** A job under way. */
export interface RunningJob {
  /** Samples that could not be made, by position. Rejects only when a worker died. */
  readonly done: Promise<readonly DecodeFailure[]>;
  /** Lets workers stop at the next sample; `done` still resolves. */
  cancel(): void;
}

interface Waiting {
  readonly failures: DecodeFailure[];
  left: number;
  resolve(failures: readonly DecodeFailure[]): void;
  reject(error: Error): void;
}

/**
 * Threads that decode. Every worker hears of every job and takes samples from it until none are left, so the main
 * thread has nothing to do while a batch is made, and may be busy computing. Workers start with the first job and keep
 * the process alive only while there are jobs.
 */
export class DecodePool {
  private readonly waiting = new Map<number, Waiting>();
  private workers: Promise<Worker[]> | undefined;
  private closing: Promise<void> | undefined;
  private nextId = 0;

  constructor(private readonly size: number) {}

  start(job: Omit<DecodeJob, 'id' | 'cursor'>): RunningJob {
    const id = this.nextId++;
    const cursor = new SharedArrayBuffer(4);
    const done = new Promise<readonly DecodeFailure[]>((resolve, reject) => {
      this.waiting.set(id, { failures: [], left: this.size, resolve, reject });
    });
    // Whoever awaits `done` hears of a failure; nobody may be awaiting it yet.
    done.catch(() => undefined);
    this.workers ??= this.startWorkers();
    this.workers.then(
      (workers) => {
        for (const worker of workers) {
          worker.ref();
          worker.postMessage({ ...job, id, cursor } satisfies DecodeJob);
        }
      },
      (error: unknown) => this.fail(error as Error),
    );
    return { done, cancel: () => Atomics.store(new Int32Array(cursor), 0, job.files.length) };
  }

  /** Waits for what workers have in hand; jobs not cancelled are finished first. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.endWorkers();
    return this.closing;
  }

  private async startWorkers(): Promise<Worker[]> {
    // Loaded here too: glibc would otherwise unload libvips with the first thread that ends (lovell/sharp#2263).
    await loadSharp();
    return Array.from({ length: this.size }, () => {
      const worker = new Worker(new URL('./decode-worker.js', import.meta.url));
      worker.on('message', (message: DecodeDone) => void this.finish(message));
      worker.on('error', (error) => this.fail(error));
      worker.unref();
      return worker;
    });
  }

  private async finish({ id, failures }: DecodeDone): Promise<void> {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    waiting.failures.push(...failures);
    if (--waiting.left > 0) return;
    this.waiting.delete(id);
    if (this.waiting.size === 0) for (const worker of await this.workers!) worker.unref();
    waiting.resolve(waiting.failures.sort((a, b) => a.position - b.position));
  }

  private fail(error: Error): void {
    const died = new InternalError(`A decoding thread ended: ${error.message}.`);
    for (const { reject } of this.waiting.values()) reject(died);
    this.waiting.clear();
  }

  private async endWorkers(): Promise<void> {
    const workers = await this.workers?.catch(() => []);
    await Promise.all(
      (workers ?? []).map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => resolve());
            worker.ref();
            // Not terminate(): a thread must not end while libvips works for it.
            worker.postMessage(CLOSE);
          }),
      ),
    );
  }
}
