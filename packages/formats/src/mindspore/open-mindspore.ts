import { malformed, unreadableDtype } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import { bytesOf, type TensorSource } from '../tensors/tensor-source.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { mindsporeTypes } from './mindspore-types.js';
import { FORMAT, readCheckpointValues, type CheckpointValue } from './read-checkpoint-values.js';

/** `crc_num` and ten bytes behind the message, where it was saved with `crc_check=True`. */
const CRC_MARK = 'crc_num';
const CRC_BYTES = CRC_MARK.length + 10;
const MAX_TEXT_BYTES = 1 << 16;
const SHOWN = 3;

/** True for a head that starts with a Value whose tag is followed by a tensor with sizes or a type. */
export function looksLikeMindspore(head: Uint8Array): boolean {
  let at = 0;
  const take = () => head[at++] ?? -1;
  const length = (): number => {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = take();
      if (byte < 0) return -1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  if (take() !== 0x0a || length() <= 0 || take() !== 0x0a) return false;
  const tagBytes = length();
  if (tagBytes <= 0) return false;
  const tag = head.subarray(at, at + tagBytes);
  if (tag.some((byte) => byte < 0x20 || byte === 0x7f)) return false;
  at += tagBytes;
  if (at >= head.length) return true;
  const field = take();
  if (field === 0x1a) return true;
  // A TensorFlow graph has the name of an operation here, no letter of which is one of these.
  return field === 0x12 && length() > 0 && [0x08, 0x0a, 0x12].includes(take());
}

/**
 * A MindSpore checkpoint. Parts with one tag that follow each other are one tensor. What older and newer versions and their
 * users leave in files is taken and noted: scalars with dims [0], texts (they become metadata), tags that come again (the
 * later counts, as in MindSpore), a checksum at the end, map parameters (left out).
 *
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-TRUNCATED`
 */
export async function openMindspore(source: ByteSource): Promise<WeightsFile> {
  const notes = new Notes();
  const tensors = new Map<string, TensorSource>();
  const metadata = new Map<string, string>();
  const end = await messageEnd(source, notes);
  let group: CheckpointValue[] = [];
  const take = async (): Promise<void> => {
    const [first] = group;
    if (!first) return;
    const { tag } = first;
    if (!first.tensor) notes.add('map parameters, which were left out', tag);
    else if (first.tensor.type === 'str') metadata.set(tag, await readText(source, group));
    else {
      if (tensors.delete(tag)) notes.add('saved more than once; the last was taken', tag);
      tensors.set(tag, joined(source, group, notes));
    }
  };
  for await (const value of readCheckpointValues(source, end)) {
    const [first] = group;
    // A map parameter may have the tag of a tensor.
    const isSame = first?.tag === value.tag && (first.tensor === null) === (value.tensor === null);
    if (first && !isSame) {
      await take();
      group = [];
    }
    group.push(value);
  }
  await take();
  return {
    format: 'mindspore',
    tensors,
    metadata: Object.fromEntries(metadata),
    notes: notes.sentences(),
    close: () => source.close(),
  };
}

async function messageEnd(source: ByteSource, notes: Notes): Promise<number> {
  if (source.size < CRC_BYTES) return source.size;
  const tail = await source.read(source.size - CRC_BYTES, CRC_BYTES);
  const mark = Buffer.from(tail.subarray(0, CRC_MARK.length)).toString('latin1');
  if (mark !== CRC_MARK) return source.size;
  notes.plain.push('The file ends with a checksum of itself, which was not compared.');
  return source.size - CRC_BYTES;
}

/** The parts of one tensor. */
function joined(source: ByteSource, parts: readonly CheckpointValue[], notes: Notes): TensorSource {
  const { path } = source;
  const { tag } = parts[0]!;
  const contents = parts.map(({ tensor }) => tensor!);
  const last = contents.at(-1)!;
  const held = contents.reduce((sum, { begin, end }) => sum + (end - begin), 0);
  const dtype = mindsporeTypes.get(last.type);
  if (dtype === undefined) {
    notes.add(`of type ${last.type.slice(0, 40)}, which is not read`, tag);
    const read = () => Promise.reject(unreadableDtype(path, tag, last.type));
    return { dtype: 'U8', shape: last.dims, read };
  }
  let shape = last.dims;
  if (shape.length === 1 && shape[0] === 0 && held === bytesOf({ dtype, shape: [] })) {
    notes.add('scalars with dims [0], as older versions write them', tag);
    shape = [];
  }
  const expected = bytesOf({ dtype, shape });
  if (held !== expected) {
    const what = `The content of '${tag}' does not fit its shape [${shape.join(', ')}].`;
    throw malformed(path, last.begin, FORMAT, what, `${expected} bytes`, `${held} bytes`);
  }
  const read = async () => {
    if (contents.length === 1) return source.read(last.begin, held);
    const bytes = new Uint8Array(held);
    let at = 0;
    for (const { begin, end } of contents) {
      bytes.set(await source.read(begin, end - begin), at);
      at += end - begin;
    }
    return bytes;
  };
  return { dtype, shape, read };
}

/** numpy's text: four bytes a character. */
async function readText(source: ByteSource, parts: readonly CheckpointValue[]): Promise<string> {
  const { begin, end } = parts[0]!.tensor!;
  const bytes = await source.read(begin, Math.min(end - begin, MAX_TEXT_BYTES));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, true);
    if (point !== 0) text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  }
  return text;
}

/** Oddities with the tags they were met at. */
class Notes {
  readonly plain: string[] = [];
  readonly #tags = new Map<string, string[]>();

  add(what: string, tag: string): void {
    const tags = this.#tags.get(what);
    if (tags) tags.push(tag);
    else this.#tags.set(what, [tag]);
  }

  sentences(): string[] {
    const found = [...this.#tags].slice(0, 20).map(([what, tags]) => {
      const more = tags.length > SHOWN ? ` and ${tags.length - SHOWN} more` : '';
      return `${tags.slice(0, SHOWN).join(', ')}${more}: ${what}.`;
    });
    return [...found, ...this.plain];
  }
}
