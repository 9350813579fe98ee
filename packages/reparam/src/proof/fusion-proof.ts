import type { FusionReport } from '../fuse.js';
import type { OpName } from '@refold/graph';

/** Measured difference of one region and its convolution. */
export interface RegionProof {
  readonly name: string;
  readonly ops: readonly OpName[];
  /** Largest |original − fused| over all probes. */
  readonly maxAbsError: number;
  /** Largest ‖original − fused‖₂ / ‖original‖₂ of a probe. */
  readonly maxRelError: number;
}

/** Measured difference of the whole network's answers. */
export interface NetworkProof {
  /** Largest difference of two logits. */
  readonly maxAbsError: number;
  /** Largest ‖original − fused‖₂ / ‖original‖₂ of the logits of one sample. */
  readonly maxRelError: number;
  /** Share of samples, 0 to 1, for which both forms have the same largest logit. */
  readonly top1Agreement: number;
  /** Samples compared. */
  readonly samples: number;
}

/** What `refold fuse --json` prints besides `input` and `output`. */
export interface FusionProof extends Omit<FusionReport, 'regions'> {
  readonly regions: readonly RegionProof[];
  readonly network: NetworkProof;
}
