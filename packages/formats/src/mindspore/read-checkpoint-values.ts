import { malformed } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import { fieldsIn, readFields, type WireField } from '../protobuf/read-fields.js';

/** As messages name it. */
export const FORMAT = 'a MindSpore checkpoint';

/** One Value of a checkpoint: a tensor or a part of one. */
export interface CheckpointValue {
  readonly tag: string;
  /** Null where the value is no tensor, but a map of them. */
  readonly tensor: {
    readonly dims: readonly number[];
    readonly type: string;
    /** Of the content, in bytes from the start of the source. */
    readonly begin: number;
    readonly end: number;
  } | null;
}

const MAX_TAG_BYTES = 1 << 16;
const MAX_RANK = 64;
const PACKED_BYTES = 1 << 12;

/**
 * The values of a MindSpore checkpoint in order (checkpoint.proto: Checkpoint { repeated Value value = 1 { required string
 * tag = 1; TensorProto tensor = 2 { repeated int64 dims = 1; required string tensor_type = 2; required bytes tensor_content =
 * 3 }; MapTensorProto maptensor = 3 } }). Contents are places, not read.
 *
 * @param end where the message ends, in bytes from the start of the source
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-TRUNCATED`
 */
export async function* readCheckpointValues(
  source: ByteSource,
  end: number,
): AsyncGenerator<CheckpointValue, void, undefined> {
  for await (const field of readFields(source, 0, end, FORMAT)) {
    if (field.number === 1 && field.wire === 'bytes') yield await readValue(source, field);
  }
}

type Place = Extract<WireField, { wire: 'bytes' }>;

async function readValue(source: ByteSource, place: Place): Promise<CheckpointValue> {
  let tag: string | null = null;
  let tensor: Place | null = null;
  let isMap = false;
  for await (const field of fieldsOf(source, place)) {
    if (field.wire !== 'bytes') continue;
    if (field.number === 1) tag = await readText(source, field);
    else if (field.number === 2) tensor = field;
    else if (field.number === 3) isMap = true;
  }
  if (tag === null) return fail(source, place, 'A value has no tag.', 'a tag', 'none');
  if (!tensor && !isMap) fail(source, place, `'${tag}' has no tensor.`, 'a tensor', 'none');
  return { tag, tensor: tensor && (await readTensor(source, tensor, tag)) };
}

async function readTensor(source: ByteSource, place: Place, tag: string) {
  const dims: number[] = [];
  let type: string | null = null;
  let content: Place | null = null;
  for await (const field of fieldsOf(source, place)) {
    if (field.number === 1) {
      for (const dim of await dimsOf(source, field)) dims.push(dim);
      if (dims.length > MAX_RANK || dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
        fail(source, place, `'${tag}' has a malformed shape.`, 'sizes', dims.slice(-3).join(', '));
      }
    } else if (field.wire === 'bytes' && field.number === 2) type = await readText(source, field);
    else if (field.wire === 'bytes' && field.number === 3) content = field;
  }
  if (type === null || !content) {
    return fail(source, place, `'${tag}' is incomplete.`, 'a type and a content', 'fewer');
  }
  return { dims, type, begin: content.begin, end: content.end };
}

/** Fields of an inner message: from memory where it is short. */
async function* fieldsOf(source: ByteSource, { begin, end }: Place): AsyncGenerator<WireField> {
  if (end - begin > PACKED_BYTES) yield* readFields(source, begin, end, FORMAT);
  else yield* fieldsIn(await source.read(begin, end - begin), begin, source.path, FORMAT);
}

/** One size, or several that a writer packed. */
async function dimsOf(source: ByteSource, field: WireField): Promise<number[]> {
  if (field.wire === 'varint') return [Number(BigInt.asIntN(64, field.value))];
  if (field.wire !== 'bytes' || field.end - field.begin > PACKED_BYTES) return [NaN];
  const dims: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of await source.read(field.begin, field.end - field.begin)) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    dims.push(Number(BigInt.asIntN(64, value)));
    value = 0n;
    shift = 0n;
  }
  return dims;
}

async function readText(source: ByteSource, place: Place): Promise<string> {
  const length = place.end - place.begin;
  if (length > MAX_TAG_BYTES) {
    fail(source, place, 'A name is too long.', `at most ${MAX_TAG_BYTES} bytes`, String(length));
  }
  return Buffer.from(await source.read(place.begin, length)).toString('utf8');
}

function fail(
  source: ByteSource,
  { begin }: Place,
  what: string,
  expected: string,
  received: string,
): never {
  throw malformed(source.path, begin, FORMAT, what, expected, received);
}
