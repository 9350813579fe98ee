/** A decoded picture: bytes `[height, width, channels]`. */
export interface Pixels {
  readonly data_HWC: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}
