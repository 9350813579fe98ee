import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { openBytes } from '../bytes/open-bytes.js';
import type { ByteSource } from '../bytes/byte-source.js';
import { externalOutside, malformed, unreadable } from '../errors.js';
import { ONNX } from './onnx-model.js';

/** Where the elements of a tensor lie. */
export interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  /** In bytes; absent: to the end of the file. */
  readonly length?: number;
}

/** The files beside a model that hold elements of its tensors, opened when first needed. */
export class ExternalFiles {
  readonly #open = new Map<string, Promise<ByteSource>>();
  readonly #locations = new Set<string>();

  constructor(readonly modelPath: string) {}

  get locations(): readonly string[] {
    return [...this.#locations];
  }

  /** Registers a location. @throws RefoldError `RF-ONNX-EXTERNAL` for one that leaves the model's folder */
  check({ location }: ExternalPlace): void {
    const normal = path.posix.normalize(location.replaceAll('\\', '/'));
    const outside = normal === '..' || normal.startsWith('../') || /^(?:\/|[a-z]:)/i.test(normal);
    if (location === '' || outside || location.includes('\0') || normal === '.') {
      throw externalOutside(this.modelPath, location);
    }
    this.#locations.add(location);
  }

  /**
   * Exactly these bytes.
   *
   * @throws RefoldError `RF-ONNX-EXTERNAL`, `RF-FILE-UNREADABLE`, `RF-FILE-TRUNCATED`, `RF-FILE-MALFORMED` where the file
   * has another number of bytes for the tensor than its shape
   */
  async read(place: ExternalPlace, bytes: number): Promise<Uint8Array> {
    let file = this.#open.get(place.location);
    if (!file) {
      file = this.#resolve(place.location);
      this.#open.set(place.location, file);
    }
    const source = await file;
    const length = place.length ?? source.size - place.offset;
    if (length !== bytes) {
      const received = `${length} bytes`;
      throw malformed(
        source.path,
        place.offset,
        ONNX,
        'A tensor and its data differ in size.',
        `${bytes} bytes`,
        received,
      );
    }
    return source.read(place.offset, bytes);
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) {
      const source = await file.catch(() => undefined);
      await source?.close();
    }
  }

  /** Links may not lead out of the folder either, and what is no plain file (a pipe) is never waited for. */
  async #resolve(location: string): Promise<ByteSource> {
    const full = path.join(path.dirname(this.modelPath), location);
    try {
      const folder = await realpath(path.dirname(this.modelPath));
      const real = await realpath(full);
      if (!real.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)) {
        throw externalOutside(this.modelPath, location);
      }
      if (!(await stat(real)).isFile()) throw unreadable(full, { code: 'not a plain file' });
    } catch (error) {
      throw error instanceof Error && 'parts' in error ? error : unreadable(full, error);
    }
    return openBytes(full);
  }
}
