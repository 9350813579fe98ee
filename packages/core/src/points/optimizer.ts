import type { TensorSpec, UpdateRule } from '@refold/graph';
import { definePoint } from '../plugin/extension-point.js';

/** Gives the update rule for a set of parameters. See docs/extension-points/optimizer.md. */
export interface Optimizer {
  readonly name: string;
  /** @param parameters every trained tensor of the graph, in its order */
  rule(parameters: readonly TensorSpec[]): UpdateRule;
}

export const Optimizer = definePoint<Optimizer>({
  name: 'Optimizer',
  section: 'optimizer',
  cardinality: 'one',
});
