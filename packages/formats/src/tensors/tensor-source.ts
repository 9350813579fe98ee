import { InternalError } from '@refold/graph';
import { DTYPE_BYTES, type Dtype } from './dtype.js';
import type { StoredTensor } from './stored-tensor.js';

/** A tensor whose bytes are read when asked for, so that a file may be larger than memory. */
export interface TensorSource {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /**
   * Little-endian, row-major bytes, exactly {@link bytesOf} of them. Each call reads anew; the receiver may keep them but
   * not change them: they may be a view that others see.
   *
   * @throws RefoldError `RF-FILE-*` where the file turns out to be damaged
   */
  read(): Promise<Uint8Array>;
}

/** Size in bytes of a tensor's elements. */
export function bytesOf({ dtype, shape }: Pick<TensorSource, 'dtype' | 'shape'>): number {
  return shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
}

/**
 * The bytes of a source that is written, which must be as many as its shape says: else all that follows would be shifted.
 *
 * @throws InternalError where they are not
 */
export async function readChecked(name: string, source: TensorSource): Promise<Uint8Array> {
  const data = await source.read();
  const bytes = bytesOf(source);
  if (bytes !== data.length) {
    throw new InternalError(`The tensor '${name}' has ${data.length} bytes instead of ${bytes}.`);
  }
  return data;
}

/** Tensors in memory as sources, for writers. Nothing is copied. */
export function sourcesOf(tensors: ReadonlyMap<string, StoredTensor>): Map<string, TensorSource> {
  const sources = new Map<string, TensorSource>();
  for (const [name, { dtype, shape, data }] of tensors) {
    sources.set(name, { dtype, shape, read: () => Promise.resolve(data) });
  }
  return sources;
}

/** Small reads wait for each other; more at once than this only take memory for what a reader converts. */
const TENSORS_AT_ONCE = 4;

/** Reads every tensor, a few side by side. The result is in the order of the sources. */
export async function readAll(
  sources: ReadonlyMap<string, TensorSource>,
): Promise<Map<string, StoredTensor>> {
  const waiting = [...sources.values()];
  const data: Uint8Array[] = [];
  let next = 0;
  const fetch = async (): Promise<void> => {
    while (next < waiting.length) {
      const mine = next++;
      data[mine] = await waiting[mine]!.read();
    }
  };
  await Promise.all(Array.from({ length: TENSORS_AT_ONCE }, fetch));
  const named = [...sources].map(([name, { dtype, shape }], i): [string, StoredTensor] => [
    name,
    { dtype, shape, data: data[i]! },
  ]);
  return new Map(named);
}
