import type { Graph, HostTensor } from '@refold/graph';
import { definePoint } from '../plugin/extension-point.js';

/** What a model is built for. */
export interface ModelContext {
  readonly numClasses: number;
  readonly sample: { readonly channels: number; readonly height: number; readonly width: number };
  /** With it the graph takes uint8 and starts with `normalize`; without, it takes float32 values as they are. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** A network family member: describes, never computes. See docs/extension-points/model.md. */
export interface Model {
  /** `repvgg_a0` */
  readonly name: string;
  /** The train form. Pure: the same context gives the same graph. */
  build(context: ModelContext): Graph;
  /** Whose names the graph's own are (`timm`). Absent: the plugin's. */
  readonly ownNames?: string;
  /** Translates foreign weight names to the graph's, by naming scheme (`official`, `mindcv`, …), of both forms. */
  readonly weightNames?: Readonly<Record<string, (foreign: string) => string | undefined>>;
  /** The other way round, for schemes in which weights can be written; undefined for what the scheme has no name for. */
  readonly foreignNames?: Readonly<Record<string, (own: string) => string | undefined>>;
  /**
   * For weights whose foreign values mean something else than the graph's (DBB stores a kernel less the identity): the
   * graph's values, by the same naming schemes. Owns what it returns, which may be the tensor itself; absent: unchanged.
   */
  readonly weightValues?: Readonly<
    Record<string, (foreign: string, tensor: HostTensor) => HostTensor>
  >;
}

export const Model = definePoint<Model>({ name: 'Model', section: 'model', cardinality: 'one' });
