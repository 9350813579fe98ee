/** Something in a configuration that a reader should know and that is no error. */
export interface ConfigWarning {
  /** Stable, `RF-CONFIG-…`. */
  readonly code: string;
  /** Names the key and says where it is. */
  readonly message: string;
}
