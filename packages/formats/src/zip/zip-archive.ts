import { promisify } from 'node:util';
import { crc32, inflateRaw, inflateRawSync, constants } from 'node:zlib';
import { checksumOfEntry, malformed, unsupportedFile } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import { readZipDirectory } from './read-zip-directory.js';
import type { ZipEntry } from './zip-entry.js';

const inflateLater = promisify(inflateRaw);

const STORED = 0;
const DEFLATED = 8;
const LOCAL_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;
/** Deflate gives at most 258 bytes for two bits (RFC 1951): a larger claim is a lie. */
const MAX_RATIO = 1032;
/** Shorter content is inflated at once: threads would take longer. */
const SYNC_BYTES = 1 << 16;

/**
 * A zip whose entries are read from any position (PKWARE's APPNOTE 6.3.10; stored and deflated entries, ZIP64). No size that
 * the zip claims is believed: memory is taken for what can really be there, inflating stops at the claim.
 */
export class ZipArchive {
  private constructor(
    readonly source: ByteSource,
    /** For messages. */
    readonly format: string,
    readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  /**
   * @param format for messages (`a PyTorch file`)
   * @throws RefoldError as {@link readZipDirectory}
   */
  static async open(source: ByteSource, format: string): Promise<ZipArchive> {
    return new ZipArchive(source, format, await readZipDirectory(source, format));
  }

  /** Where a stored entry's content begins in the source; null where it is compressed. */
  async contentStart(entry: ZipEntry): Promise<number | null> {
    const start = await this.#dataStart(entry);
    return entry.method === STORED ? start : null;
  }

  /**
   * The whole content.
   *
   * @param verify compares the content with the entry's CRC-32. PyTorch does not: it can be told to write none.
   * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-CHECKSUM`, `RF-FILE-UNSUPPORTED`
   */
  async read(entry: ZipEntry, { verify }: { readonly verify: boolean }): Promise<Uint8Array> {
    const raw = await this.source.read(await this.#dataStart(entry), entry.compressedBytes);
    const content = entry.method === STORED ? raw : await this.#inflate(entry, raw);
    if (verify) {
      const received = crc32(content);
      if (received !== entry.crc32) {
        throw checksumOfEntry(this.source.path, entry.name, entry.crc32, received);
      }
    }
    return content;
  }

  /** The first bytes of the content, at most `length`, without inflating the rest. */
  async head(entry: ZipEntry, length: number): Promise<Uint8Array> {
    const start = await this.#dataStart(entry);
    const wanted = Math.min(length, entry.bytes);
    if (entry.method === STORED) return this.source.read(start, wanted);
    for (let taken = Math.min(length, entry.compressedBytes); ; taken *= 2) {
      taken = Math.min(taken, entry.compressedBytes);
      const raw = await this.source.read(start, taken);
      const content = this.#guard(entry, () =>
        inflateRawSync(raw, {
          finishFlush: constants.Z_SYNC_FLUSH,
          maxOutputLength: taken * MAX_RATIO + SYNC_BYTES,
        }),
      );
      if (content.length >= wanted || taken === entry.compressedBytes) {
        return content.subarray(0, wanted);
      }
    }
  }

  async #dataStart(entry: ZipEntry): Promise<number> {
    const { path } = this.source;
    if (entry.encrypted) {
      throw unsupportedFile(path, `The entry '${entry.name}' is encrypted.`, 'Decrypt it first.');
    }
    if (entry.method !== STORED && entry.method !== DEFLATED) {
      throw unsupportedFile(
        path,
        `The entry '${entry.name}' is compressed in a way that is not read here.`,
        'Write it stored or deflated.',
        `method ${entry.method}`,
      );
    }
    const bytes = await this.source.read(entry.headerOffset, LOCAL_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const nameBytes = view.getUint16(26, true);
    const start = entry.headerOffset + LOCAL_BYTES + nameBytes + view.getUint16(28, true);
    if (view.getUint32(0, true) !== LOCAL_SIGNATURE) {
      throw this.#bad(entry, 'has no header', 'PK 3 4', 'other bytes');
    }
    if (nameBytes !== Buffer.byteLength(entry.name)) {
      throw this.#bad(entry, 'has another name in its header', entry.name, 'another name');
    }
    if (start + entry.compressedBytes > entry.limit) {
      const end = start + entry.compressedBytes;
      throw this.#bad(entry, 'overlaps what follows', `an end before ${entry.limit}`, `${end}`);
    }
    const isStored = entry.method === STORED;
    if (
      isStored
        ? entry.bytes !== entry.compressedBytes
        : entry.bytes > entry.compressedBytes * MAX_RATIO
    ) {
      const possible = isStored ? entry.compressedBytes : entry.compressedBytes * MAX_RATIO;
      throw this.#bad(entry, 'claims an impossible size', `${possible} bytes`, `${entry.bytes}`);
    }
    return start;
  }

  async #inflate(entry: ZipEntry, raw: Uint8Array): Promise<Uint8Array> {
    const options = { maxOutputLength: Math.max(1, entry.bytes) };
    let content: Uint8Array;
    if (entry.bytes <= SYNC_BYTES) {
      content = this.#guard(entry, () => inflateRawSync(raw, options));
    } else {
      const outcome = await inflateLater(raw, options).catch((error: unknown) => error as Error);
      content = this.#guard(entry, () => {
        if (outcome instanceof Error) throw outcome;
        return outcome;
      });
    }
    if (content.length !== entry.bytes) {
      throw this.#bad(
        entry,
        'is not as long as it says',
        `${entry.bytes} bytes`,
        `${content.length}`,
      );
    }
    return content;
  }

  #guard(entry: ZipEntry, inflate: () => Uint8Array): Uint8Array {
    try {
      return inflate();
    } catch (error) {
      const code = (error as { code?: string }).code ?? String(error);
      throw code === 'ERR_BUFFER_TOO_LARGE'
        ? this.#bad(entry, 'inflates to more than it says', `${entry.bytes} bytes`, 'more')
        : this.#bad(entry, 'cannot be inflated', 'deflated bytes', code);
    }
  }

  #bad(entry: ZipEntry, what: string, expected: string, received: string): Error {
    const { path } = this.source;
    const message = `The entry ${JSON.stringify(entry.name)} ${what}.`;
    return malformed(path, entry.headerOffset, this.format, message, expected, received);
  }
}
