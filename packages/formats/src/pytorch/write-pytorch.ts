import { InternalError } from '@refold/graph';
import { writeAtomically } from '../files/atomic-file.js';
import { bytesOf, type TensorSource } from '../tensors/tensor-source.js';
import { ZipWriter } from '../zip/zip-writer.js';
import { stateDictPickle } from './state-dict-pickle.js';

/** As PyTorch aligns storages, for mapping them into memory. */
const ALIGN_BYTES = 64;
const FOLDER = 'archive';

/**
 * Writes tensors as a state dict that `torch.load` reads, with `weights_only=True` and `mmap=True` too: an OrderedDict in a
 * zip of stored entries (see {@link readPytorchZip}). Atomic; one tensor is in memory at a time. There is no place for
 * metadata in a state dict.
 *
 * @returns the file's size in bytes
 * @throws RefoldError `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export function writePytorch(
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
): Promise<number> {
  return writeAtomically(path, async (sink) => {
    const zip = new ZipWriter(sink, ALIGN_BYTES);
    await zip.add(`${FOLDER}/data.pkl`, stateDictPickle(tensors));
    await zip.add(`${FOLDER}/byteorder`, Buffer.from('little'));
    let key = 0;
    for (const [name, source] of tensors) {
      const data = await source.read();
      if (data.length !== bytesOf(source)) {
        const expected = `${bytesOf(source)} bytes`;
        throw new InternalError(`The tensor '${name}' has ${data.length} instead of ${expected}.`);
      }
      await zip.add(`${FOLDER}/data/${key++}`, data);
    }
    await zip.add(`${FOLDER}/version`, Buffer.from('3\n'));
    await zip.end();
  });
}
