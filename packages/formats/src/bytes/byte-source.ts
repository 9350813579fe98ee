/**
 * Bytes that can be read from any position: a file, or memory. Every reader of a format works on one, so that it holds no
 * more of a file than it needs and can be given damaged files that never touch a disk.
 */
export interface ByteSource {
  /** Of the file, for messages. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Exactly these bytes, owned by the receiver. Checked against the size before memory is taken for them.
   *
   * @throws RefoldError `RF-FILE-TRUNCATED` where the source ends before, `RF-FILE-UNREADABLE`, `RF-FILE-TOO-LARGE`
   */
  read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Like `read`, without a copy: bytes that others may see as well and that nobody changes. Absent where there is always a
   * copy.
   */
  view?(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Bytes to look at, not to change: a view where the source has one. */
export function viewOf(
  source: ByteSource,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return source.view?.(position, length) ?? source.read(position, length);
}
