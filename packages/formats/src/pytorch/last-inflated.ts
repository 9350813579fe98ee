import type { ZipArchive } from '../zip/zip-archive.js';
import type { ZipEntry } from '../zip/zip-entry.js';

/**
 * The content of the compressed entry that was read last: tensors that share a storage mostly follow each other, and each
 * would inflate all of it again.
 */
export class LastInflated {
  #last: { readonly entry: ZipEntry; readonly content: Promise<Uint8Array> } | null = null;

  constructor(readonly zip: ZipArchive) {}

  /** The whole content, not to be changed. @throws RefoldError as {@link ZipArchive.read} */
  read(entry: ZipEntry): Promise<Uint8Array> {
    if (this.#last?.entry === entry) return this.#last.content;
    const last = { entry, content: this.zip.read(entry, { verify: false }) };
    this.#last = last;
    // What failed may be tried again.
    last.content.catch(() => {
      if (this.#last === last) this.drop();
    });
    return last.content;
  }

  /** Forgets it. */
  drop(): void {
    this.#last = null;
  }
}
