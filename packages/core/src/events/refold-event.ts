import type { RunPosition, Validation } from '../points/callback.js';
import type { RegionTime } from '../points/device.js';

/** Facts about a run, in the past tense. Every event is plain JSON. */
export type RefoldEvent =
  | {
      readonly type: 'run-started';
      readonly model: string;
      readonly device: string;
      readonly library: string;
      readonly epochs: number;
      readonly stepsPerEpoch: number;
      readonly totalSteps: number;
      readonly globalBatch: number;
      readonly rate: number;
      readonly resumedFrom: RunPosition | null;
      readonly outputDir: string;
    }
  | {
      readonly type: 'step-completed';
      readonly epoch: number;
      /** Updates made so far, this one included. */
      readonly step: number;
      readonly loss: number;
      readonly rate: number;
      readonly images: number;
      readonly correct: number;
      /** Where the time of this step went, in milliseconds. */
      readonly timeMs: {
        readonly data: number;
        readonly forward: number;
        readonly backward: number;
        readonly allReduce: number;
        readonly update: number;
      };
    }
  | {
      readonly type: 'epoch-completed';
      readonly epoch: number;
      /** The figures are of the batches from here on: above 0 where the epoch was begun by an earlier process. */
      readonly firstBatch: number;
      readonly loss: number;
      readonly top1: number;
      readonly images: number;
      readonly seconds: number;
    }
  /** Follows `epoch-completed` on devices that measure where a step's time goes. */
  | {
      readonly type: 'regions-timed';
      readonly epoch: number;
      /** Updates of this epoch over which the times are means (those of this process). */
      readonly steps: number;
      /** Milliseconds of one update, in the order of the network. */
      readonly regions: readonly RegionTime[];
    }
  | ({ readonly type: 'validated' } & Validation)
  | {
      readonly type: 'checkpoint-saved';
      readonly path: string;
      readonly position: RunPosition;
      readonly bytes: number;
    }
  | {
      readonly type: 'fused';
      readonly path: string;
      readonly regions: number;
      readonly left: number;
      readonly maxAbsError: number;
      readonly maxRelError: number;
      readonly top1Agreement: number;
    }
  | { readonly type: 'warned'; readonly code: string; readonly message: string }
  | {
      readonly type: 'sample-replaced';
      readonly path: string;
      readonly reason: string;
      readonly replaced: number;
    }
  | { readonly type: 'plugin-failed'; readonly plugin: string; readonly message: string }
  | { readonly type: 'run-completed'; readonly result: RunResult }
  | { readonly type: 'run-failed'; readonly code: string; readonly message: string };

/** How a run ended (the JSON of `refold train`, DESIGN §10). */
export interface RunResult {
  readonly outputDir: string;
  /** Whole epochs done. */
  readonly epochs: number;
  readonly steps: number;
  /** Percent; null when nothing was validated. */
  readonly bestTop1: number | null;
  readonly finalTop1: number | null;
  readonly checkpoint: string | null;
  readonly fused: string | null;
  readonly seconds: number;
  /** True when stopped before the end, by command or signal. */
  readonly interrupted: boolean;
}
