import { unwritableDtype, unwritableName } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { hasLoneSurrogate } from '../tensors/has-lone-surrogate.js';
import { readChecked, type TensorSource } from '../tensors/tensor-source.js';
import { ZipWriter } from '../zip/zip-writer.js';
import { npyHeaderOf } from './npy-header.js';
import { npyName } from './npy-type.js';

const ALIGN_BYTES = 64;
const FORMAT = 'a NumPy file';
/** Of a name in a zip. */
const MAX_NAME_BYTES = 0xffff;

/**
 * Writes a `.npz` that `numpy.load` reads without pickles: stored entries, little-endian, row-major. Atomic; one tensor is in
 * memory at a time. There is no place for metadata.
 *
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DTYPE` for bfloat16 and 8-bit floats, which numpy lacks, and `RF-FILE-NAME` for names that no
 * zip should hold, before anything is written; `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writeNpz(
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
): Promise<number> {
  for (const [name, { dtype }] of tensors) {
    if (npyName(dtype) === null) throw unwritableDtype(path, name, dtype, FORMAT);
    if (!isFileName(name)) throw unwritableName(path, name, FORMAT);
  }
  return writeAtomically(path, async (sink) => {
    const zip = new ZipWriter(sink, ALIGN_BYTES);
    for (const [name, source] of tensors) {
      const header = npyHeaderOf(npyName(source.dtype)!, source.shape);
      await zip.add(`${name}.npy`, header, await readChecked(name, source));
    }
    await zip.end();
  });
}

/** True for the names that a zip is read with: no folder above, none at the root, and whole in UTF-8. */
function isFileName(name: string): boolean {
  const isPlain = name !== '' && !name.startsWith('/') && !name.includes('\0');
  return (
    isPlain &&
    !name.split(/[/\\]/).includes('..') &&
    !hasLoneSurrogate(name) &&
    Buffer.byteLength(`${name}.npy`) <= MAX_NAME_BYTES
  );
}
