import { malformed, overLimit, unreadableDtype } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import { bytesOf, type TensorSource } from '../tensors/tensor-source.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { ZipArchive } from '../zip/zip-archive.js';
import { NPY_HEAD_BYTES, NPY_MAGIC, readNpyHeader } from './npy-header.js';
import { npyType, toRowMajor } from './npy-type.js';

const FORMAT = 'a NumPy file';
const SUFFIX = '.npy';
/** As `numpy.savez` names an array without a name. */
const ONLY_NAME = 'arr_0';
/** Deflate makes a thousand of one byte: what is inflated in memory at once ends here. */
export const MAX_DEFLATED_BYTES = 2 ** 32;
const MAX_SHAPE_BYTES = 2 ** 53;

/** True for a `.npy`, for a zip whose first entry is one, and for the empty zip that `numpy.savez` of nothing is. */
export function looksLikeNumpy(head: Uint8Array): boolean {
  if (NPY_MAGIC.every((byte, i) => head[i] === byte)) return true;
  const start = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (start.length < 22 || start.toString('latin1', 0, 2) !== 'PK') return false;
  if (start.readUInt16LE(2) === 0x0605) return true;
  if (start.readUInt16LE(2) !== 0x0403 || start.length < 30) return false;
  return start.toString('latin1', 30, 30 + start.readUInt16LE(26)).endsWith(SUFFIX);
}

/**
 * Arrays of a `.npz`, stored or deflated, or the one of a `.npy` (numpy/lib/format.py). Big-endian elements and Fortran order
 * are converted. Arrays of objects are pickles: they are listed, but never read.
 *
 * @throws RefoldError `RF-FILE-MALFORMED`, `RF-FILE-LIMIT`, `RF-FILE-UNSUPPORTED`
 */
export async function openNumpy(source: ByteSource): Promise<WeightsFile> {
  const [first] = await source.read(0, Math.min(1, source.size));
  return first === NPY_MAGIC[0] ? openNpy(source) : openNpz(source);
}

async function openNpy(source: ByteSource): Promise<WeightsFile> {
  const head = await source.read(0, Math.min(NPY_HEAD_BYTES, source.size));
  const read = () => source.read(0, source.size);
  const tensors = new Map([
    [ONLY_NAME, arrayOf(source.path, ONLY_NAME, head, 0, source.size, read)],
  ]);
  return fileOf(source, tensors, []);
}

async function openNpz(source: ByteSource): Promise<WeightsFile> {
  const zip = await ZipArchive.open(source, FORMAT);
  const tensors = new Map<string, TensorSource>();
  const notes: string[] = [];
  for (const entry of zip.entries.values()) {
    if (!entry.name.endsWith(SUFFIX)) {
      if (notes.length < 20) notes.push(`'${entry.name}' is no array and was left out.`);
      continue;
    }
    if (entry.method !== 0 && entry.bytes > MAX_DEFLATED_BYTES) {
      const message = `The array '${entry.name}' is too long for a compressed one.`;
      throw overLimit(source.path, message, `${MAX_DEFLATED_BYTES} bytes`, `${entry.bytes} bytes`);
    }
    const name = entry.name.slice(0, -SUFFIX.length);
    const head = await zip.head(entry, NPY_HEAD_BYTES);
    const read = () => zip.read(entry, { verify: true });
    tensors.set(name, arrayOf(source.path, name, head, entry.headerOffset, entry.bytes, read));
  }
  return fileOf(source, tensors, notes);
}

function fileOf(
  source: ByteSource,
  tensors: ReadonlyMap<string, TensorSource>,
  notes: readonly string[],
): WeightsFile {
  return { format: 'numpy', tensors, metadata: {}, notes, close: () => source.close() };
}

/** @param fileBytes of the whole array with its header, which `readFile` gives */
function arrayOf(
  path: string,
  name: string,
  head: Uint8Array,
  origin: number,
  fileBytes: number,
  readFile: () => Promise<Uint8Array>,
): TensorSource {
  const { descr, isFortran, shape, dataStart } = readNpyHeader(head, path, origin);
  const type = npyType(descr);
  if (!type) {
    const what = descr.includes('O') ? 'Python objects, which are a pickle' : `numpy's ${descr}`;
    const read = () => Promise.reject(unreadableDtype(path, name, what));
    return { dtype: 'U8', shape, read };
  }
  const { dtype } = type;
  const expected = bytesOf({ dtype, shape });
  if (!(expected < MAX_SHAPE_BYTES) || dataStart + expected !== fileBytes) {
    const message = `The array '${name}' is not as long as its shape says.`;
    throw malformed(path, origin, FORMAT, message, `${expected} bytes`, `${fileBytes - dataStart}`);
  }
  const read = async () => {
    const data = (await readFile()).subarray(dataStart);
    return toRowMajor(data, type, shape, isFortran);
  };
  return { dtype, shape, read };
}
