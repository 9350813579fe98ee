import { InternalError } from '@refold/graph';
import { bytesOf, type TensorSource } from './tensor-source.js';

/** The bytes of a tensor that is about to be written: as many as its type and shape say, or nothing is. */
export async function contentOf(name: string, source: TensorSource): Promise<Uint8Array> {
  const data = await source.read();
  const bytes = bytesOf(source);
  if (bytes !== data.length) {
    throw new InternalError(`The tensor '${name}' has ${data.length} bytes instead of ${bytes}.`);
  }
  return data;
}

/** True where no UTF-8 exists for a text: two such may become one when they are encoded. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
