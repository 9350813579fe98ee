import { onnxNestedExternal } from '../errors.js';
import { copyOf, fieldsOf, type PlacedField } from '../protobuf/place.js';
import { wire, type Piece } from '../protobuf/write-fields.js';
import { bytesOf } from '../tensors/tensor-source.js';
import type { TensorParts } from './message-pieces.js';
import { ONNX, type OnnxModel, type OnnxTensor } from './onnx-model.js';
import { entryAt } from './read-tensor.js';
import type { OutgoingField, OutgoingModel } from './write-onnx-file.js';

/** What a copy of a model leaves out and gets anew. */
export interface OnnxChanges {
  /** By index. */
  readonly withoutNodes?: ReadonlySet<number>;
  /** Nodes that stand where this node stood, by its index. */
  readonly nodesAt?: ReadonlyMap<number, readonly (readonly Piece[])[]>;
  /** Initializers by name; also those of the graph's inputs that only gave their type. */
  readonly withoutInitializers?: ReadonlySet<string>;
  /** Entries of `value_info` by name. */
  readonly withoutValues?: ReadonlySet<string>;
  readonly initializers?: readonly TensorParts[];
  /** Further inputs of the graph, ValueInfoProtos: before IR version 4 each initializer is one. */
  readonly inputs?: readonly (readonly Piece[])[];
  /** Values that become outputs too. */
  readonly outputs?: readonly string[];
  /** Entries of the model's metadata by key. */
  readonly withoutMetadata?: ReadonlySet<string>;
}

/**
 * A model to write again, with changes. All else, known or not, goes through byte by byte in its order; only tensors whose
 * elements lie in another file are taken in (and out again, where the whole is too large), so that the copy stands alone.
 *
 * @throws RefoldError `RF-ONNX-NESTED-EXTERNAL`; `RF-FILE-*` while it is written
 */
export async function copyModel(
  model: OnnxModel,
  changes: OnnxChanges = {},
): Promise<OutgoingModel> {
  const before: Piece[] = [];
  const after: Piece[] = [];
  let passed = false;
  for (const field of model.fields) {
    if (field.number === 7) passed = true;
    else if (!(await isDropped(field, changes))) (passed ? after : before).push(...raw(field));
  }
  return { before, graph: await graphFields(model, changes), after };
}

async function graphFields(model: OnnxModel, changes: OnnxChanges): Promise<OutgoingField[]> {
  const { fields, nodes, initializers } = model.graph;
  const outgoing: OutgoingField[] = [];
  for (const { field, key } of fields) {
    if (field.wire !== 'bytes') {
      outgoing.push({ raw: raw(field) });
      continue;
    }
    const copy = { number: field.number, pieces: copyOf(field.place) };
    if (field.number === 1) {
      const index = Number(key);
      for (const pieces of changes.nodesAt?.get(index) ?? []) outgoing.push({ number: 1, pieces });
      if (changes.withoutNodes?.has(index)) continue;
      if (nodes[index]?.external) throw onnxNestedExternal(model.path, nodes[index].name);
      outgoing.push(copy);
    } else if (field.number === 5) {
      if (changes.withoutInitializers?.has(String(key))) continue;
      const tensor = await partsOf(initializers.get(String(key))!);
      outgoing.push(tensor ? { tensor } : copy);
    } else if (field.number === 11 && initializers.has(String(key))) {
      if (!changes.withoutInitializers?.has(String(key))) outgoing.push(copy);
    } else if (field.number !== 13 || !changes.withoutValues?.has(String(key))) {
      outgoing.push(copy);
    }
  }
  for (const tensor of changes.initializers ?? []) outgoing.push({ tensor });
  for (const pieces of changes.inputs ?? []) outgoing.push({ number: 11, pieces });
  const known = new Set(model.graph.outputs.map(({ name }) => name));
  for (const name of changes.outputs ?? []) {
    // What type they have readers find out.
    if (!known.has(name)) outgoing.push({ number: 12, pieces: wire.text(1, name) });
  }
  return outgoing;
}

/** A tensor whose elements can move to another file; undefined for those in typed fields, which stay as they are. */
async function partsOf(tensor: OnnxTensor): Promise<TensorParts | undefined> {
  const head: Piece[] = [];
  let data: Piece[] | undefined;
  for await (const field of fieldsOf(tensor.place, ONNX)) {
    if (field.number === 9 && field.wire === 'bytes') data = copyOf(field.place);
    else if (field.number !== 13 && field.number !== 14) head.push(...raw(field));
  }
  if (tensor.external && tensor.dtype) {
    const { dtype, shape } = tensor;
    data = [{ bytes: bytesOf({ dtype, shape }), read: () => tensor.read() }];
  } else if (tensor.external) {
    await tensor.read(); // Says that its type is none that can be moved.
  }
  return data && { head, data };
}

async function isDropped(field: PlacedField, { withoutMetadata }: OnnxChanges): Promise<boolean> {
  if (!withoutMetadata || field.number !== 14 || field.wire !== 'bytes') return false;
  const [key] = await entryAt(field.place);
  return withoutMetadata.has(key);
}

/** A field as it was. */
function raw(field: PlacedField): Piece[] {
  switch (field.wire) {
    case 'varint':
      return wire.varint(field.number, field.value);
    case 'fixed32': {
      const bytes = wire.float(field.number, 0);
      return [withNumber(bytes[0] as Uint8Array, 4, BigInt(field.value))];
    }
    case 'fixed64': {
      // The tag of a double differs from that of a float in its wire type (1, not 5).
      const float = wire.float(field.number, 0)[0] as Uint8Array;
      const bytes = new Uint8Array(float.length + 4);
      bytes.set(float);
      bytes[0] = (bytes[0]! & ~7) | 1;
      return [withNumber(bytes, 8, field.value)];
    }
    case 'bytes':
      return wire.message(field.number, copyOf(field.place));
  }
}

function withNumber(bytes: Uint8Array, size: number, value: bigint): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.length - size, size);
  if (size === 8) view.setBigUint64(0, value, true);
  else view.setUint32(0, Number(value), true);
  return bytes;
}
