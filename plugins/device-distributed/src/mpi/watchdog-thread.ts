import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { timedOut } from '../errors.js';
import { loadKoffi } from './load-koffi.js';
import { LANES, WatchBoard, monotonicMs, type Waiting } from './watch-board.js';
import type { WatchdogSettings } from './watchdog-settings.js';

/* The script of the thread that ends a process whose collective takes too long. */

const settings = workerData as WatchdogSettings;
const board = new WatchBoard(settings.memory);
/** From the C library: unlike process.exit it works from here, and waits for no other thread. */
const exitNow = loadKoffi().load(null).func('_exit', 'void', ['int']);
const stderr = 2;

/** What was too late when last looked at. Only what still is the next time counts. */
let suspects: readonly number[] = [];

setInterval(look, Math.min(250, Math.ceil(settings.timeoutMs / 4)));
parentPort?.postMessage('ready');

function look(): void {
  const late = LANES.map((lane) => board.read(lane)).filter(
    (waiting) => waiting !== null && isLate(waiting),
  );
  const certain = late.find((waiting) => suspects.includes(waiting!.since));
  if (certain) end(certain);
  suspects = late.map((waiting) => waiting!.since);
}

function isLate({ wait, since }: Waiting): boolean {
  const { timeoutMs, startTimeoutMs } = settings;
  return monotonicMs() - since > (wait === 'the start of MPI' ? startTimeoutMs : timeoutMs);
}

function end({ wait, number, since }: Waiting): void {
  const what = wait === 'the start of MPI' ? wait : `${wait} number ${number}`;
  const error = timedOut(what, settings, monotonicMs() - since);
  try {
    writeSync(stderr, `${error.code}: ${error.message}\n`);
  } catch {
    // Nobody reads it. The process must end all the same.
  }
  exitNow(error.exitCode);
  process.kill(process.pid, 'SIGKILL');
}
