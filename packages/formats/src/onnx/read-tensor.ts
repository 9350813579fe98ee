import { malformed, onnxUnsupportedType } from '../errors.js';
import { bytesAt, fieldsOf, textAt, type Place, type PlacedField } from '../protobuf/place.js';
import { DTYPE_BYTES, type Dtype } from '../tensors/dtype.js';
import { bytesOf } from '../tensors/tensor-source.js';
import { dataTypeName, dtypeOf } from './data-types.js';
import type { ExternalFiles, ExternalPlace } from './external-files.js';
import { ONNX, type OnnxTensor } from './onnx-model.js';
import { signed, varintsAt } from './varints.js';

/** Fields of TensorProto that hold elements, and how many bytes one takes in the message at least. */
const TYPED = new Map([
  [4, 4],
  [5, 1],
  [7, 1],
  [10, 8],
  [11, 1],
]);

interface Parts {
  name: string;
  dataType: number;
  dims: number[];
  raw?: Place;
  typed: { number: number; content: Place | bigint | number }[];
  external?: ExternalPlace;
  inOtherFile: boolean;
}

/**
 * Reads a TensorProto but for its elements. That the elements are as many as the shape says is checked as far as it can be
 * without reading them.
 *
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-ONNX-EXTERNAL`
 */
export async function readTensor(place: Place, files: ExternalFiles): Promise<OnnxTensor> {
  const parts = await partsOf(place);
  const { name, dataType, dims: shape, raw } = parts;
  const fail = (message: string, expected: string, received: string): never => {
    throw malformed(place.source.path, place.begin, ONNX, message, expected, received);
  };
  const elements = shape.reduce((product, size) => product * size, 1);
  if (shape.some((size) => size < 0) || !Number.isSafeInteger(elements * 8)) {
    fail(`The tensor '${name}' has no possible shape.`, 'sizes of a tensor', `[${String(shape)}]`);
  }
  const external = parts.inOtherFile ? parts.external : undefined;
  if (parts.inOtherFile && !external) fail(`'${name}' names no file.`, 'a location', 'none');
  if (external) files.check(external);
  const dtype = dtypeOf(dataType) ?? null;
  const bytes = dtype ? bytesOf({ dtype, shape }) : 0;
  if (dtype && !external) {
    const held = raw ? raw.end - raw.begin : atMost(parts) * DTYPE_BYTES[dtype];
    if (raw ? held !== bytes : held < bytes) {
      fail(`The tensor '${name}' and its data differ in size.`, `${bytes} bytes`, `${held} bytes`);
    }
  }
  const read = async (): Promise<Uint8Array> => {
    if (!dtype) throw onnxUnsupportedType(place.source.path, name, dataTypeName(dataType));
    if (external) return files.read(external, bytes);
    if (raw) return bytesAt(raw);
    return typedElements(parts, dtype, elements, place);
  };
  return { name, dataType, dtype, shape, external: external !== undefined, place, read };
}

/** Elements that the typed fields can hold at most. */
function atMost({ typed }: Parts): number {
  return typed.reduce((count, { number, content }) => {
    if (typeof content !== 'object') return count + 1;
    return count + (content.end - content.begin) / TYPED.get(number)!;
  }, 0);
}

async function partsOf(place: Place): Promise<Parts> {
  const parts: Parts = { name: '', dataType: 0, dims: [], typed: [], inOtherFile: false };
  const entries = new Map<string, string>();
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.number === 1) for (const size of await numbersOf(field)) parts.dims.push(size);
    else if (field.number === 2 && field.wire === 'varint') parts.dataType = signed(field.value);
    else if (field.number === 8 && field.wire === 'bytes')
      parts.name = await textAt(field.place, ONNX);
    else if (field.number === 9 && field.wire === 'bytes') parts.raw = field.place;
    else if (field.number === 13 && field.wire === 'bytes') {
      const [key, value] = await entryAt(field.place);
      entries.set(key, value);
    } else if (field.number === 14 && field.wire === 'varint')
      parts.inOtherFile = field.value === 1n;
    else if (TYPED.has(field.number)) {
      const content = field.wire === 'bytes' ? field.place : field.value;
      parts.typed.push({ number: field.number, content });
    }
  }
  const location = entries.get('location');
  if (location !== undefined) {
    const offset = wholeNumber(entries.get('offset') ?? '0', place);
    const length = entries.get('length');
    parts.external =
      length === undefined
        ? { location, offset }
        : { location, offset, length: wholeNumber(length, place) };
  }
  return parts;
}

/** A StringStringEntryProto. */
export async function entryAt(place: Place): Promise<[key: string, value: string]> {
  let [key, value] = ['', ''];
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.wire !== 'bytes') continue;
    if (field.number === 1) key = await textAt(field.place, ONNX);
    if (field.number === 2) value = await textAt(field.place, ONNX);
  }
  return [key, value];
}

/** Values of a repeated int64 field, packed or not. */
export async function numbersOf(field: PlacedField): Promise<readonly number[]> {
  if (field.wire === 'varint') return [signed(field.value)];
  if (field.wire !== 'bytes') return [];
  const { source, begin } = field.place;
  return varintsAt(await bytesAt(field.place), begin, source.path).map(signed);
}

function wholeNumber(text: string, { source, begin }: Place): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text)) return value;
  throw malformed(
    source.path,
    begin,
    ONNX,
    'A place in another file is no number.',
    'digits',
    text,
  );
}

/** Elements from float_data, int32_data, int64_data, double_data or uint64_data (onnx.proto, TensorProto). */
async function typedElements(
  { typed, name }: Parts,
  dtype: Dtype,
  elements: number,
  { source, begin }: Place,
): Promise<Uint8Array> {
  const out = new Uint8Array(elements * DTYPE_BYTES[dtype]);
  const view = new DataView(out.buffer);
  const size = DTYPE_BYTES[dtype];
  let at = 0;
  const fail = (received: string): never => {
    const message = `The tensor '${name}' and its data differ in size.`;
    throw malformed(source.path, begin, ONNX, message, `${elements} elements`, received);
  };
  const put = (value: bigint): void => {
    if (at >= elements) fail('more');
    const bits = BigInt.asUintN(64, value);
    if (size === 8) view.setBigUint64(at * 8, bits, true);
    else if (size === 4) view.setUint32(at * 4, Number(bits & 0xffff_ffffn), true);
    else if (size === 2) view.setUint16(at * 2, Number(bits & 0xffffn), true);
    else out[at] = Number(bits & 0xffn);
    at += 1;
  };
  for (const { number, content } of typed) {
    const fixed = number === 4 || number === 10;
    if (fixed && size !== TYPED.get(number)) fail(`elements of field ${number}`);
    if (typeof content === 'object') {
      const bytes = await bytesAt(content);
      if (fixed) {
        if (at * size + bytes.length > out.length) fail('more');
        out.set(bytes, at * size);
        at += bytes.length / size;
      } else for (const value of varintsAt(bytes, content.begin, source.path)) put(value);
    } else put(BigInt(content));
  }
  if (at !== elements) fail(`${at} elements`);
  return out;
}
