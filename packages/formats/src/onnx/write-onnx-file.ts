import path from 'node:path';
import { InternalError } from '@refold/graph';
import {
  nodeFileSystem,
  writeAtomically,
  type AtomicFileSystem,
  type Sink,
} from '../files/atomic-file.js';
import { sizeOfPieces, wire, writePieces, type Piece } from '../protobuf/write-fields.js';
import { entryPieces, type TensorParts } from './message-pieces.js';

/** A field of GraphProto to write: a tensor whose elements may go to another file, or anything, as it is. */
export type OutgoingField =
  | { readonly raw: readonly Piece[] }
  | { readonly number: number; readonly pieces: readonly Piece[] }
  | { readonly tensor: TensorParts };

/** A ModelProto to write, field by field. */
export interface OutgoingModel {
  readonly before: readonly Piece[];
  readonly graph: readonly OutgoingField[];
  readonly after: readonly Piece[];
}

export interface OnnxFileOptions {
  /** Models with more bytes keep their weights in a file `<name>.data` beside them. Default: what protobuf can hold, 2 GB. */
  readonly maxBytes?: number;
  readonly files?: AtomicFileSystem;
}

/** Room for what rewriting the tensors as external adds to a message. */
const PROTOBUF_BYTES = 2 ** 31 - 1 - 2 ** 20;
/** Smaller tensors stay in the model; bigger ones start at a page of the file, so that readers can map it (onnx.proto). */
const EXTERNAL_BYTES = 1024;
const PAGE_BYTES = 4096;

/**
 * Writes a model as a whole or not at all, one piece in memory at a time. The file of weights beside a large model takes its
 * place when the model is on the disk as well, just before that does.
 *
 * @returns the size of all files in bytes
 * @throws RefoldError `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`; of a tensor that is read meanwhile `RF-FILE-*`
 */
export async function writeOnnxFile(
  file: string,
  { before, graph, after }: OutgoingModel,
  { maxBytes = PROTOBUF_BYTES, files = nodeFileSystem }: OnnxFileOptions = {},
): Promise<number> {
  const inside = graph.flatMap((field) => fieldPieces(field));
  const whole = [...before, ...wire.message(7, inside), ...after];
  if (sizeOfPieces(whole) <= maxBytes) return write(file, whole, files);

  const name = externalName(file);
  const data: Piece[] = [];
  let offset = 0;
  const outside = graph.flatMap((field) => {
    if (!('tensor' in field)) return fieldPieces(field);
    const { head, data: elements } = field.tensor;
    const length = sizeOfPieces(elements);
    if (length < EXTERNAL_BYTES) return fieldPieces(field);
    // Holds for offsets beyond 2^31 too, as only the low bits count.
    const padding = -offset & (PAGE_BYTES - 1);
    if (padding > 0) data.push(new Uint8Array(padding));
    data.push(...elements);
    const start = offset + padding;
    offset = start + length;
    const place = { location: name, offset: String(start), length: String(length) };
    const entries = Object.entries(place).flatMap(([key, value]) =>
      wire.message(13, entryPieces(key, value)),
    );
    return wire.message(5, [...head, ...entries, ...wire.varint(14, 1)]);
  });
  let bytes = 0;
  const model = [...before, ...wire.message(7, outside), ...after];
  const beside = path.join(path.dirname(file), name);
  const written = await write(file, model, files, async () => {
    bytes = await write(beside, data, files);
  });
  return bytes + written;
}

function fieldPieces(field: OutgoingField): Piece[] {
  if ('raw' in field) return [...field.raw];
  if ('pieces' in field) return wire.message(field.number, field.pieces);
  return wire.message(5, [...field.tensor.head, ...wire.message(9, field.tensor.data)]);
}

/** Name of the file of weights beside a large model. */
export function externalName(file: string): string {
  return `${path.basename(file)}.data`;
}

function write(
  file: string,
  pieces: readonly Piece[],
  files: AtomicFileSystem,
  beforeRename?: () => Promise<void>,
): Promise<number> {
  const produce = (sink: Sink) => writePieces(pieces.map(checked), sink);
  return writeAtomically(file, produce, files, beforeRename);
}

/** A tensor that gives more or less than it said would shift all that follows. */
function checked(piece: Piece): Piece {
  if (piece instanceof Uint8Array) return piece;
  const read = async (): Promise<Uint8Array> => {
    const bytes = await piece.read();
    if (bytes.length !== piece.bytes) {
      throw new InternalError(`A piece has ${bytes.length} bytes instead of ${piece.bytes}.`);
    }
    return bytes;
  };
  return { bytes: piece.bytes, read };
}
