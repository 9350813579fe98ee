import { tensorsOf, type Graph, type NamedTensors } from '@refold/graph';
import type { StoredTensor } from '@refold/formats';
import type { Model } from '@refold/core';
import { ownScheme } from '../recognise/read-names.js';
import { schemeUnknown, tensorNameless } from './errors.js';

/** Of a batch norm in MindSpore's names. */
const TO_MINDSPORE: Readonly<Record<string, string>> = {
  weight: 'gamma',
  bias: 'beta',
  running_mean: 'moving_mean',
  running_var: 'moving_variance',
};

export interface RenameOptions {
  /** Undefined: the graph's own names. */
  readonly scheme: string | undefined;
  /** Whose names they are; null where no installed plugin describes the network. */
  readonly model: Model | null;
  /** Whether each batch norm gets a `num_batches_tracked`, as PyTorch's have. */
  readonly counters: boolean;
}

/**
 * A network's weights as tensors of a file, under the names of a scheme, in the order of the state dict. Data are views.
 *
 * @throws RefoldError `RF-EXPORT-SCHEME` for a scheme that the network has no names of, `RF-EXPORT-NAME` for a tensor that
 * it has no name for
 */
export function renameWeights(
  graph: Graph,
  weights: NamedTensors,
  { scheme, model, counters }: RenameOptions,
): Map<string, StoredTensor> {
  const rename = renamer(graph, scheme, model);
  const renamed = new Map<string, StoredTensor>();
  for (const { name, shape } of tensorsOf(graph)) {
    const foreign = rename(name);
    if (foreign === undefined) throw tensorNameless(name, scheme ?? '');
    const { data } = weights.get(name)!;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    renamed.set(foreign, { dtype: 'F32', shape, data: bytes });
    if (counters && name.endsWith('.running_var')) {
      const counter = foreign.replace(/[^.]+$/, 'num_batches_tracked');
      renamed.set(counter, { dtype: 'I64', shape: [], data: new Uint8Array(8) });
    }
  }
  return renamed;
}

function renamer(
  graph: Graph,
  scheme: string | undefined,
  model: Model | null,
): (name: string) => string | undefined {
  const own = model ? ownScheme(model) : 'refold';
  if (scheme === undefined || scheme === own || scheme === 'refold') return (name) => name;
  if (scheme === 'mindspore') return mindsporeNames(graph);
  const rename = model?.foreignNames?.[scheme];
  if (rename) return rename;
  const known = [
    ...new Set([own, 'refold', 'mindspore', ...Object.keys(model?.foreignNames ?? {})]),
  ];
  throw schemeUnknown(scheme, known);
}

/** Paths as they are, batch norms with the suffixes that MindSpore gives them. */
function mindsporeNames(graph: Graph): (name: string) => string {
  const norms = new Set(graph.nodes.flatMap(({ op, name }) => (op === 'batch_norm' ? [name] : [])));
  return (name) => {
    const dot = name.lastIndexOf('.');
    const path = name.slice(0, dot);
    return norms.has(path) ? `${path}.${TO_MINDSPORE[name.slice(dot + 1)]}` : name;
  };
}
