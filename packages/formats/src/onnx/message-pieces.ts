import { wire, type Piece } from '../protobuf/write-fields.js';
import { bytesOf, type TensorSource } from '../tensors/tensor-source.js';
import { ONNX_TYPES } from './data-types.js';

/** A value of an attribute: numbers that are whole become `int`, lists `ints` or `floats` as they are marked. */
export type AttributeValue =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };

/** What a NodeProto is made of. */
export interface NodeParts {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A NodeProto of ONNX's own domain, without the field that holds it. */
export function nodePieces({ opType, name, inputs, outputs, attributes = {} }: NodeParts): Piece[] {
  return [
    ...inputs.flatMap((input) => wire.text(1, input)),
    ...outputs.flatMap((output) => wire.text(2, output)),
    ...wire.text(3, name),
    ...wire.text(4, opType),
    ...Object.entries(attributes).flatMap(([key, value]) =>
      wire.message(5, attributePieces(key, value)),
    ),
  ];
}

/** An AttributeProto; `type` is field 20. */
function attributePieces(name: string, value: AttributeValue): Piece[] {
  const head = wire.text(1, name);
  if ('float' in value) return [...head, ...wire.float(2, value.float), ...wire.varint(20, 1)];
  if ('int' in value) return [...head, ...wire.varint(3, value.int), ...wire.varint(20, 2)];
  if ('text' in value) return [...head, ...wire.text(4, value.text), ...wire.varint(20, 3)];
  // onnx.proto is proto2: lists are not packed.
  const ints = value.ints.flatMap((one) => wire.varint(8, one));
  return [...head, ...ints, ...wire.varint(20, 7)];
}

/**
 * A ValueInfoProto of a tensor.
 *
 * @param shape numbers, or names of axes whose size is open; null says nothing of the rank
 */
export function valuePieces(
  name: string,
  dataType: number,
  shape: readonly (number | string)[] | null,
): Piece[] {
  const dims = (shape ?? []).flatMap((size) =>
    wire.message(1, typeof size === 'number' ? wire.varint(1, size) : wire.text(2, size)),
  );
  const tensor = [...wire.varint(1, dataType), ...(shape ? wire.message(2, dims) : [])];
  return [...wire.text(1, name), ...wire.message(2, wire.message(1, tensor))];
}

/** A StringStringEntryProto. */
export function entryPieces(key: string, value: string): Piece[] {
  return [...wire.text(1, key), ...wire.text(2, value)];
}

/** A TensorProto in two parts: the elements may stay in the message or go to a file beside it. */
export interface TensorParts {
  /** Everything but the elements. */
  readonly head: readonly Piece[];
  readonly data: readonly Piece[];
}

/** A tensor as a message whose elements are read when they are written. */
export function tensorParts(name: string, tensor: TensorSource): TensorParts {
  const head = [
    ...tensor.shape.flatMap((size) => wire.varint(1, size)),
    ...wire.varint(2, ONNX_TYPES[tensor.dtype]),
    ...wire.text(8, name),
  ];
  return { head, data: [{ bytes: bytesOf(tensor), read: () => tensor.read() }] };
}
