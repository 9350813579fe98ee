import { bytesOf, type TensorSource } from '../tensors/tensor-source.js';
import { storageOf, torchNameOf } from './torch-types.js';

const op = (character: string) => Uint8Array.of(character.charCodeAt(0));
const MARK = op('(');
const TUPLE = op('t');
const REDUCE = op('R');
const EMPTY_TUPLE = op(')');
const SETITEMS = op('u');
const NEWFALSE = Uint8Array.of(0x89);

/**
 * The pickle of protocol 2 that `torch.save(OrderedDict(tensors))` writes, with the storages' keys 0, 1, 2, … in the order of
 * the tensors, each contiguous and alone in its storage.
 */
export function stateDictPickle(
  tensors: ReadonlyMap<string, Pick<TensorSource, 'dtype' | 'shape'>>,
): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x80, 2), ...emptyOrderedDict(), MARK];
  let key = 0;
  for (const [name, tensor] of tensors) {
    parts.push(text(name), ...pickledTensor(tensor, String(key++)));
  }
  parts.push(SETITEMS, op('.'));
  return Buffer.concat(parts);
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`, or v3 with the type where no storage has it. */
function pickledTensor(
  { dtype, shape }: Pick<TensorSource, 'dtype' | 'shape'>,
  key: string,
): Uint8Array[] {
  const storage = storageOf.get(dtype);
  const elements = shape.reduce((product, size) => product * size, 1);
  const strides: number[] = [];
  shape.reduceRight((stride, size) => {
    strides.unshift(stride);
    return stride * Math.max(1, size);
  }, 1);
  return [
    global('torch._utils', storage ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3'),
    ...[MARK, MARK, text('storage')],
    storage ? global('torch', storage) : global('torch.storage', 'UntypedStorage'),
    ...[text(key), text('cpu'), integer(storage ? elements : bytesOf({ dtype, shape }))],
    ...[TUPLE, op('Q'), integer(0), ...tuple(shape), ...tuple(strides)],
    ...[NEWFALSE, ...emptyOrderedDict()],
    ...(storage ? [] : [global('torch', torchNameOf.get(dtype)!)]),
    ...[TUPLE, REDUCE],
  ];
}

function emptyOrderedDict(): Uint8Array[] {
  return [global('collections', 'OrderedDict'), EMPTY_TUPLE, REDUCE];
}

function tuple(values: readonly number[]): Uint8Array[] {
  return [MARK, ...values.map(integer), TUPLE];
}

function global(module: string, name: string): Uint8Array {
  return Buffer.from(`c${module}\n${name}\n`);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(5);
  head.write('X');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** BININT, or LONG1 of 8 bytes where 31 bits are too few. */
function integer(value: number): Uint8Array {
  const isLong = value >= 2 ** 31;
  const bytes = Buffer.alloc(isLong ? 10 : 5);
  if (isLong) {
    bytes.writeUInt16LE(0x088a, 0);
    bytes.writeBigInt64LE(BigInt(value), 2);
  } else {
    bytes.write('J');
    bytes.writeInt32LE(value, 1);
  }
  return bytes;
}
