import type { Observable } from 'rxjs';
import type { RefoldEvent, RunResult } from '../events/refold-event.js';

/** A run under way. Commands are carried out at the next step boundary. */
export interface RunHandle {
  /** Facts, as they happen. Subscribe before awaiting anything, or miss the first ones. A subscriber that throws becomes a `plugin-failed` event. */
  readonly events: Observable<RefoldEvent>;
  /** Saves a checkpoint and ends the run; `done` resolves with `interrupted: true`. */
  stop(): void;
  checkpoint(): void;
  validate(): void;
  /** Rejects with what failed the run. Everything is closed by then. */
  readonly done: Promise<RunResult>;
}
