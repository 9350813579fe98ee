import { RefoldError } from '@refold/graph';

/** Ranks whose weights are not those of rank 0. */
export function replicasDiffer(epoch: number, ranks: readonly number[]): RefoldError {
  return new RefoldError('RF-DISTRIBUTED-DIVERGED', {
    message: `After epoch ${epoch + 1} the weights of ${ranks.length} ranks are not those of rank 0.`,
    expected: 'the same bits on every rank',
    received: `others on rank ${ranks.slice(0, 8).join(', ')}${ranks.length > 8 ? ', …' : ''}`,
    hint: "Use hosts with the same processor and libraries, and go on from the checkpoint before (resume: 'auto').",
    exitCode: 3,
  });
}
