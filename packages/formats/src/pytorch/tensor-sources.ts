import { malformed, overLimit, unreadableDtype } from '../errors.js';
import {
  endOfView,
  overlapsItself,
  readStrided,
  type StridedView,
} from '../tensors/read-strided.js';
import { swapBytes } from '../tensors/swap-bytes.js';
import type { TensorSource } from '../tensors/tensor-source.js';
import type { PickledTensor } from './pickled-tensor.js';
import type { PytorchStorage } from './pytorch-storage.js';

/** As messages name it. */
export const FORMAT = 'a PyTorch file';

/** What views may claim beyond their storages: `expand()` and tied weights are real, terabytes from kilobytes are not. */
const EXPANDED_BYTES = 2 ** 30;
const EXPANDED_RATIO = 8;
/** Views that overlap themselves have their storage read at once. */
const MAX_OVERLAPPING_BYTES = 2 ** 28;
const MAX_NOTES = 20;

type Stored = Extract<PickledTensor, { kind: 'stored' }>;

/**
 * Pickled tensors as sources, each checked against its storage: no view reaches beyond it, none claims a size that nothing
 * real has.
 *
 * @param storageOf null where the file has no storage of that key
 * @param isBigEndian of the storages' elements
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-LIMIT`
 */
export function tensorSources(
  path: string,
  tensors: ReadonlyMap<string, PickledTensor>,
  storageOf: (key: string) => PytorchStorage | null,
  isBigEndian: boolean,
): Map<string, TensorSource> {
  const sources = new Map<string, TensorSource>();
  const storages = new Set<PytorchStorage>();
  let claimed = 0;
  let held = 0;
  for (const [name, tensor] of tensors) {
    if (tensor.kind === 'inline') {
      sources.set(name, tensor);
      continue;
    }
    if (tensor.kind === 'unreadable') {
      sources.set(name, refused(path, name, tensor.what, tensor.shape));
      continue;
    }
    const storage = storageOf(tensor.storage.key);
    if (!storage) {
      const { key } = tensor.storage;
      throw bad(
        path,
        name,
        'lies in a storage that the file lacks',
        'a storage',
        `none for '${key}'`,
      );
    }
    const view = viewOf(path, name, tensor, storage);
    if (!storages.has(storage)) held += storage.bytes;
    storages.add(storage);
    claimed += tensor.shape.reduce((product, size) => product * size, tensor.type.bytes);
    const limit = EXPANDED_BYTES + EXPANDED_RATIO * held;
    if (!(claimed <= limit)) {
      const message = `The tensors up to '${name}' claim more than their storages can hold.`;
      throw overLimit(path, message, `${limit} bytes`, `${claimed} bytes`);
    }
    const { dtype } = tensor.type;
    if (dtype === null || !view) {
      sources.set(name, refused(path, name, `torch.${tensor.type.name}`, tensor.shape));
      continue;
    }
    const read = async () => {
      const data = await readStrided(storage.reader(), view);
      // Swapping works in place, and a storage may give a view.
      return isBigEndian ? swapBytes(new Uint8Array(data), view.elementBytes) : data;
    };
    sources.set(name, { dtype, shape: tensor.shape, read });
  }
  return sources;
}

/** Checks that the view is inside its storage; null for elements of 16 bytes, which are not read. */
function viewOf(
  path: string,
  name: string,
  { storage: reference, type, offset, shape, strides }: Stored,
  storage: PytorchStorage,
): StridedView | null {
  const elements = (reference.size * (reference.type?.bytes ?? 1)) / type.bytes;
  const needed = (reference.begin + elements) * type.bytes;
  if (!(needed <= storage.bytes)) {
    throw bad(
      path,
      name,
      'has a storage that is too short',
      `${needed} bytes`,
      `${storage.bytes} bytes`,
    );
  }
  const elementBytes = type.bytes as StridedView['elementBytes'];
  const view = { offset: reference.begin + offset, shape, strides, elementBytes };
  const end = endOfView(view);
  if (!(end <= reference.begin + elements)) {
    throw bad(
      path,
      name,
      'reaches beyond its storage',
      `at most ${elements} elements`,
      String(end),
    );
  }
  const span = (end - view.offset) * elementBytes;
  if (span > MAX_OVERLAPPING_BYTES && overlapsItself(view)) {
    const message = `The tensor '${name}' overlaps itself.`;
    throw overLimit(path, message, `${MAX_OVERLAPPING_BYTES} bytes of it`, String(span));
  }
  return type.bytes > 8 ? null : view;
}

/** A tensor that is listed, but not read: other tensors of the file are. Its type is a stand-in. */
function refused(path: string, name: string, what: string, shape: readonly number[]): TensorSource {
  const read = () => Promise.reject(unreadableDtype(path, name, what));
  return { dtype: 'U8', shape, read };
}

/** Sentences about tensors that {@link tensorSources} lists, but which cannot be read. */
export function notesOnUnreadable(tensors: ReadonlyMap<string, PickledTensor>): string[] {
  const found = new Map<string, { readonly first: string; count: number }>();
  for (const [name, tensor] of tensors) {
    if (tensor.kind === 'inline' || (tensor.kind === 'stored' && tensor.type.dtype)) continue;
    const what = tensor.kind === 'stored' ? `torch.${tensor.type.name}` : tensor.what;
    const known = found.get(what);
    if (known) known.count++;
    else if (found.size < MAX_NOTES) found.set(what, { first: name, count: 1 });
  }
  return [...found].map(([what, { first, count }]) => {
    const more = count > 1 ? ` and ${count - 1} more` : '';
    return `'${first}'${more}: ${what}, which is not read.`;
  });
}

function bad(path: string, name: string, what: string, expected: string, received: string): Error {
  return malformed(path, 0, FORMAT, `The tensor '${name}' ${what}.`, expected, received);
}
