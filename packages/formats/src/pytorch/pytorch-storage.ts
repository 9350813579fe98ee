/** The bytes of one storage, wherever the file has them. */
export interface PytorchStorage {
  /** Little-endian unless the file says otherwise. */
  readonly bytes: number;
  /** @throws RefoldError `RF-FILE-*` */
  read(position: number, length: number): Promise<Uint8Array>;
}
