import { Worker } from 'node:worker_threads';
import { InternalError } from '@refold/graph';
import { loadSharp } from './decode-image.js';
import { CLOSE, type DecodeDone, type DecodeFailure, type DecodeJob } from './decode-job.js';
import { datasetClosed } from './errors.js';

/** A job under way. */
export interface RunningJob {
  /** Samples that could not be made, by position. Rejects when a worker died, and with RF-DATA-CLOSED after closing. */
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

interface Thread {
  readonly worker: Worker;
  /** Resolves when it has ended, in whatever way. */
  readonly ended: Promise<void>;
}

/**
 * Threads that decode. Every worker hears of every job and takes samples from it until none are left, so the main
 * thread has nothing to do while a batch is made, and may be busy computing. Workers start with the first job and keep
 * the process alive only while there are jobs.
 */
export class DecodePool {
  private readonly waiting = new Map<number, Waiting>();
  private threads: Promise<Thread[]> | undefined;
  private closing: Promise<void> | undefined;
  /** Why no job can be done any more. */
  private over: Error | undefined;
  private nextId = 0;

  constructor(private readonly size: number) {}

  start(job: Omit<DecodeJob, 'id' | 'cursor'>): RunningJob {
    const cursor = new SharedArrayBuffer(4);
    const done = this.run({ ...job, id: this.nextId++, cursor });
    // Whoever awaits `done` hears of a failure; nobody may be awaiting it yet.
    done.catch(() => undefined);
    return { done, cancel: () => Atomics.store(new Int32Array(cursor), 0, job.files.length) };
  }

  /** Waits for what workers have in hand; jobs not cancelled are finished first. Idempotent. */
  close(): Promise<void> {
    this.over ??= datasetClosed();
    this.closing ??= this.endThreads();
    return this.closing;
  }

  private async run(job: DecodeJob): Promise<readonly DecodeFailure[]> {
    if (this.over) throw this.over;
    this.threads ??= this.startThreads();
    this.threads.then(
      (threads) => {
        for (const { worker } of threads) {
          worker.ref();
          worker.postMessage(job);
        }
      },
      (error: unknown) => this.fail(error as Error),
    );
    return new Promise((resolve, reject) => {
      this.waiting.set(job.id, { failures: [], left: this.size, resolve, reject });
    });
  }

  private async startThreads(): Promise<Thread[]> {
    // Loaded here too: glibc would otherwise unload libvips with the first thread that ends (lovell/sharp#2263).
    await loadSharp();
    return Array.from({ length: this.size }, () => {
      const worker = new Worker(new URL('./decode-worker.js', import.meta.url));
      worker.on('message', (message: DecodeDone) => void this.finish(message));
      worker.on('error', (error) => this.fail(error));
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.unref();
      return { worker, ended };
    });
  }

  private async finish({ id, failures }: DecodeDone): Promise<void> {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    waiting.failures.push(...failures);
    if (--waiting.left > 0) return;
    this.waiting.delete(id);
    const threads = await this.threads!;
    // Meanwhile a job may have come, or the end, for which threads are held until they are gone.
    if (this.waiting.size === 0 && !this.closing) for (const { worker } of threads) worker.unref();
    waiting.resolve(waiting.failures.sort((a, b) => a.position - b.position));
  }

  private fail(error: Error): void {
    const died = new InternalError(`A decoding thread ended: ${error.message}.`);
    this.over ??= died;
    for (const { reject } of this.waiting.values()) reject(died);
    this.waiting.clear();
  }

  private async endThreads(): Promise<void> {
    const threads = (await this.threads?.catch(() => [])) ?? [];
    for (const { worker } of threads) {
      worker.ref();
      // Not terminate(): a thread must not end while libvips works for it.
      worker.postMessage(CLOSE);
    }
    await Promise.all(threads.map(({ ended }) => ended));
  }
}
