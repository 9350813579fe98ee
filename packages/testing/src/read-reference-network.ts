import type { HostTensor } from '@refold/graph';
import { readFloatTensors } from './read-float-tensors.js';

/** A network that another framework computed: what a model of the same structure must agree with. */
export interface ReferenceNetwork {
  /** Parameters and BN statistics by our names; a name that has no translation stands as it was. */
  readonly weights: Map<string, HostTensor>;
  /** `[N, C, H, W]` */
  readonly input: HostTensor;
  /** `[N, classes]`, of {@link input}, in evaluation. */
  readonly logits: HostTensor;
}

/**
 * Reads a safetensors file that holds `input`, `logits` and the weights of a network under their foreign names
 * (as `e2e/python/block_fixtures.py` writes them).
 *
 * @param translate from foreign names to the graph's, as in `Model.weightNames`
 */
export function readReferenceNetwork(
  file: string,
  translate: (foreign: string) => string | undefined,
): ReferenceNetwork {
  const { input, logits, ...weights } = Object.fromEntries(readFloatTensors(file, ''));
  if (!input || !logits) throw new Error(`${file} lacks 'input' or 'logits'.`);
  const named = Object.entries(weights).map(
    ([foreign, tensor]) => [translate(foreign) ?? foreign, tensor] as const,
  );
  return { weights: new Map(named), input, logits };
}
