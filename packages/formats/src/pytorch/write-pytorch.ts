import { unwritableName } from '../errors.js';
import { writeAtomically } from '../files/atomic-file.js';
import { hasLoneSurrogate } from '../tensors/has-lone-surrogate.js';
import { readChecked, type TensorSource } from '../tensors/tensor-source.js';
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
 * @throws RefoldError `RF-FILE-NAME` for a name that is empty or not whole in UTF-8, before anything is written;
 * `RF-FILE-DISK-FULL`, `RF-FILE-UNWRITABLE`
 */
export async function writePytorch(
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
): Promise<number> {
  for (const name of tensors.keys()) {
    if (name === '' || hasLoneSurrogate(name)) throw unwritableName(path, name, 'a PyTorch file');
  }
  return writeAtomically(path, async (sink) => {
    const zip = new ZipWriter(sink, ALIGN_BYTES);
    await zip.add(`${FOLDER}/data.pkl`, stateDictPickle(tensors));
    await zip.add(`${FOLDER}/byteorder`, Buffer.from('little'));
    let key = 0;
    for (const [name, source] of tensors) {
      await zip.add(`${FOLDER}/data/${key++}`, await readChecked(name, source));
    }
    await zip.add(`${FOLDER}/version`, Buffer.from('3\n'));
    await zip.end();
  });
}
