/** One file inside a zip, as the central directory describes it; checked against the size of the zip. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated (APPNOTE 4.4.5). */
  readonly method: number;
  readonly encrypted: boolean;
  /** In the zip. */
  readonly compressedBytes: number;
  /** Of the content, as claimed. */
  readonly bytes: number;
  /** Of the content, as claimed. */
  readonly crc32: number;
  /** Of the local header, in bytes from the start of the zip. */
  readonly headerOffset: number;
  /** Where the next entry or the directory begins: this entry's bytes end before. */
  readonly limit: number;
}
