import {
  PersistentReference,
  PickleGlobal,
  PickleObject,
  type PickleValue,
} from '../pickle/pickle-value.js';
import { isSize, itemsOf, sizesOf } from './pickle-parts.js';
import type { PickledTensor, StorageReference } from './pickled-tensor.js';
import { numpyArray, numpyNames } from './rebuild-numpy.js';
import { storageTypes, torchTypes, type TorchType } from './torch-types.js';

/** Wrappers around wrappers end somewhere. */
const MAX_WRAPPERS = 16;

type Rebuild = (args: readonly PickleValue[], call: PickleObject) => PickledTensor | null;

const unreadable =
  (what: string, shapeAt: number): Rebuild =>
  (args) => ({ kind: 'unreadable', what, shape: sizesOf(args[shapeAt] ?? null) ?? [] });

/** Every function whose result is a tensor, by the name in a pickle. Nothing else is ever taken for one. */
const rebuilders: ReadonlyMap<string, Rebuild> = new Map<string, Rebuild>([
  ['torch._utils._rebuild_tensor', plainTensor],
  ['torch._utils._rebuild_tensor_v2', plainTensor],
  ['torch._utils._rebuild_tensor_v3', typedTensor],
  ['torch._utils._rebuild_qtensor', unreadable('a quantised tensor', 2)],
  ['torch._utils._rebuild_sparse_tensor', unreadable('a sparse tensor', -1)],
  ['torch._utils._rebuild_meta_tensor_no_storage', unreadable('a tensor without data', 1)],
  ['torch._utils._rebuild_wrapper_subclass', unreadable('a tensor of a subclass', 2)],
  ['torch._utils._rebuild_nested_tensor', unreadable('a nested tensor', -1)],
  ...numpyNames.map((name) => [name, numpyArray] as const),
]);

/** Functions that wrap a tensor which is their first argument. */
const wrappers: ReadonlySet<string> = new Set([
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
  'torch._tensor._rebuild_from_type',
]);

/**
 * The tensor that a call would rebuild, from a frozen list of functions of PyTorch and numpy; null for every other call.
 *
 * @param malformed throws; its argument says what is wrong
 */
export function rebuildTensor(
  call: PickleObject,
  malformed: (what: string) => never,
): PickledTensor | null {
  let current = call;
  for (let depth = 0; depth < MAX_WRAPPERS; depth++) {
    const name = current.callee?.path ?? '';
    const args = itemsOf(current.args);
    const rebuild = rebuilders.get(name);
    if (rebuild)
      return rebuild(args, current) ?? malformed(`The arguments of ${name} are malformed.`);
    let inner: PickleValue | undefined;
    if (wrappers.has(name)) {
      inner = args[0];
    } else if (name === 'torch._tensor._rebuild_from_type_v2') {
      // (function, class, arguments, state)
      const callee = args[0];
      if (callee instanceof PickleGlobal) inner = new PickleObject(callee, args[2] ?? null);
    }
    if (!(inner instanceof PickleObject)) return null;
    current = inner;
  }
  return malformed('A tensor is wrapped too often.');
}

/** (storage, offset, size, stride, …) */
function plainTensor(args: readonly PickleValue[]): PickledTensor | null {
  const storage = storageOfReference(args[0] ?? null);
  return storage?.type ? placed(storage, storage.type, args) : null;
}

/** (storage, offset, size, stride, requires_grad, hooks, dtype, metadata) */
function typedTensor(args: readonly PickleValue[]): PickledTensor | null {
  const storage = storageOfReference(args[0] ?? null);
  const name = args[6];
  if (!storage || !(name instanceof PickleGlobal) || name.module !== 'torch') return null;
  const type = torchTypes.get(name.name);
  if (!type) return unreadable(name.path, 2)(args, new PickleObject(null, null));
  return placed(storage, type, args);
}

function placed(
  storage: StorageReference,
  type: TorchType,
  args: readonly PickleValue[],
): PickledTensor | null {
  const offset = args[1];
  const shape = sizesOf(args[2] ?? null);
  const strides = sizesOf(args[3] ?? null);
  if (!isSize(offset) || !shape || !strides || shape.length !== strides.length) return null;
  return { kind: 'stored', storage, type, offset, shape, strides };
}

/** ('storage', class, key, location, size[, view]) of torch/serialization.py; null for anything else. */
export function storageOfReference(value: PickleValue): StorageReference | null {
  if (!(value instanceof PersistentReference)) return null;
  const [tag, cls, key, , size, view] = itemsOf(value.id);
  if (tag !== 'storage' || !(cls instanceof PickleGlobal) || !isSize(size)) return null;
  if (!/^torch(\.|$)/.test(cls.module)) return null;
  const isBytes = cls.name === 'UntypedStorage';
  const type = isBytes ? null : (storageTypes.get(cls.name) ?? undefined);
  if (type === undefined || (typeof key !== 'string' && typeof key !== 'number')) return null;
  // (key of the view, first element, elements), of files older than PyTorch 0.4.
  const begin = view === undefined || view === null ? 0 : itemsOf(view)[1];
  if (!isSize(begin)) return null;
  return { key: String(key), type, size, begin };
}
