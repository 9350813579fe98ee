import { malformed, overLimit, truncated } from '../errors.js';
import { viewOf, type ByteSource } from '../bytes/byte-source.js';
import { PickleEnds } from '../pickle/pickle-input.js';
import type { PersistentReference, PickleValue } from '../pickle/pickle-value.js';
import { readPickle } from '../pickle/read-pickle.js';
import type { ReadBytes } from '../tensors/read-strided.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { collectTensors } from './collect-tensors.js';
import { itemsOf } from './pickle-parts.js';
import { storageOfReference } from './rebuild-tensor.js';
import type { PytorchStorage } from './pytorch-storage.js';
import { FORMAT, notesOnUnreadable, tensorSources } from './tensor-sources.js';

/** MAGIC_NUMBER and PROTOCOL_VERSION of torch/serialization.py. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const FIRST_WINDOW_BYTES = 1 << 16;
const MAX_PICKLE_BYTES = 1 << 26;

/** The magic number as `pickle.dump(…, protocol=2)` writes it. */
export const LEGACY_HEAD = Uint8Array.of(
  ...[0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
);

/**
 * A file of `torch.save` before PyTorch 1.6, or with `_use_new_zipfile_serialization=False` (`_legacy_save` of
 * torch/serialization.py): five pickles one after another (magic number, protocol, system, object, keys of storages), then
 * for each key the number of its elements as int64 and the elements, always little-endian.
 *
 * @throws RefoldError `RF-FILE-*`
 */
export async function readPytorchLegacy(source: ByteSource): Promise<WeightsFile> {
  const pickles = new PickleStream(source);
  const fail = (what: string, expected: string, received: string): never => {
    throw malformed(source.path, pickles.position, FORMAT, what, expected, received);
  };
  if ((await pickles.next()) !== MAGIC)
    fail('The magic number is wrong.', String(MAGIC), 'another');
  const protocol = await pickles.next();
  if (protocol !== PROTOCOL) fail('The protocol is unknown.', String(PROTOCOL), 'another');
  await pickles.next();
  const root = await pickles.next();
  const units = elementBytes(pickles.references);
  const { tensors, metadata, notes } = collectTensors(source.path, root, (what) =>
    fail(what, 'what torch.save writes', 'another'),
  );
  const keys = itemsOf(await pickles.next()).map(String);
  const storages = await findStorages(source, pickles.position, keys, units);
  const sources = tensorSources(source.path, tensors, (key) => storages.get(key) ?? null, false);
  return {
    format: 'pytorch',
    tensors: sources,
    metadata,
    notes: [...notes, ...notesOnUnreadable(tensors)],
    close: () => source.close(),
  };
}

/** Bytes per element of each storage, from what the object says about them. */
function elementBytes(references: readonly PersistentReference[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const reference of references) {
    const storage = storageOfReference(reference);
    if (storage) bytes.set(storage.key, storage.type?.bytes ?? 1);
  }
  return bytes;
}

async function findStorages(
  source: ByteSource,
  start: number,
  keys: readonly string[],
  bytesPerElement: ReadonlyMap<string, number>,
): Promise<Map<string, PytorchStorage>> {
  const storages = new Map<string, PytorchStorage>();
  let position = start;
  for (const key of keys) {
    const head = await source.read(position, 8);
    const elements = Number(new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true));
    const unit = bytesPerElement.get(key);
    position += 8;
    if (unit === undefined) {
      const message = `Nothing says what the storage '${key}' holds.`;
      throw malformed(source.path, position, FORMAT, message, 'a class of storages', 'none');
    }
    const begin = position;
    const bytes = elements * unit;
    if (!(elements >= 0)) {
      const message = `The storage '${key}' has a negative size.`;
      throw malformed(source.path, begin, FORMAT, message, 'at least 0', String(elements));
    }
    if (begin + bytes > source.size) {
      throw truncated(source.path, source.size, begin + bytes, source.size);
    }
    const read: ReadBytes = (at, length) => viewOf(source, begin + at, length);
    storages.set(key, { bytes, reader: () => read });
    position += bytes;
  }
  return storages;
}

/** Pickles of unknown lengths one after another: what is in memory grows until the next one ends in it. */
class PickleStream {
  position = 0;
  /** Of the latest pickle. */
  references: readonly PersistentReference[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  /** Of `#bytes` in the source. */
  #begin = 0;

  constructor(readonly source: ByteSource) {}

  async next(): Promise<PickleValue> {
    for (let window = FIRST_WINDOW_BYTES; ; window *= 4) {
      try {
        const start = this.position - this.#begin;
        const { value, end, references } = readPickle(
          this.#bytes,
          start,
          this.source.path,
          FORMAT,
          this.#begin,
        );
        this.references = references;
        this.position = this.#begin + end;
        return value;
      } catch (error) {
        if (!(error instanceof PickleEnds)) throw error;
        await this.#grow(window);
      }
    }
  }

  async #grow(window: number): Promise<void> {
    const { path, size } = this.source;
    const known = this.#begin + this.#bytes.length;
    if (known >= size) throw truncated(path, size, size + 1, size);
    if (window > MAX_PICKLE_BYTES) {
      throw overLimit(path, 'A pickle is too long.', `${MAX_PICKLE_BYTES} bytes`, 'more');
    }
    this.#begin = this.position;
    this.#bytes = await this.source.read(this.position, Math.min(window, size - this.position));
  }
}
