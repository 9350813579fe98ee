import { unwritableDtype, unwritableName } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { wire, writePieces } from '../protobuf/write-fields.js';
import { readChecked, type TensorSource } from '../tensors/tensor-source.js';
import { hasLoneSurrogate } from '../tensors/has-lone-surrogate.js';
import { mindsporeNames } from './mindspore-types.js';

/** Longer tensors are split into values of this size, as MindSpore does (SLICE_SIZE of mindspore/train/serialization.py). */
export const SPLIT_BYTES = 2 ** 29;

/**
 * Writes a checkpoint that `mindspore.load_checkpoint` reads. Atomic; one tensor is in memory at a time. There is no place
 * for metadata.
 *
 * @param splitBytes for tests
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DTYPE` for 8-bit floats and `RF-FILE-NAME` for names without text, before anything is written; `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeMindspore(
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
  _metadata?: Readonly<Record<string, string>>,
  splitBytes = SPLIT_BYTES,
): Promise<number> {
  for (const [name, { dtype }] of tensors) {
    // A file is known by a readable first tag.
    if (name === '' || /\p{Cc}/u.test(name) || hasLoneSurrogate(name)) {
      throw unwritableName(path, name, 'a MindSpore checkpoint');
    }
    if (!mindsporeNames.has(dtype)) {
      throw unwritableDtype(path, name, dtype, 'a MindSpore checkpoint');
    }
  }
  return writeAtomically(path, async (sink) => {
    for (const [name, source] of tensors) {
      const data = await readChecked(name, source);
      const dims = source.shape.flatMap((size) => wire.varint(1, size));
      const type = wire.text(2, mindsporeNames.get(source.dtype)!);
      let at = 0;
      do {
        const part = data.subarray(at, at + splitBytes);
        const tensor = wire.message(2, [...dims, ...type, ...wire.message(3, [part])]);
        await writePieces(wire.message(1, [...wire.text(1, name), ...tensor]), sink);
        at += splitBytes;
      } while (at < data.length);
    }
  });
}
