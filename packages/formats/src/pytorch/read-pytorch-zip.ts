import { malformed, overLimit, unsupportedFile } from '../errors.js';
import { viewOf, type ByteSource } from '../bytes/byte-source.js';
import { PickleEnds } from '../pickle/pickle-input.js';
import type { PickleValue } from '../pickle/pickle-value.js';
import { readPickle } from '../pickle/read-pickle.js';
import { MAX_DEFLATED_BYTES } from '../numpy/open-numpy.js';
import type { ReadBytes } from '../tensors/read-strided.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { ZipArchive } from '../zip/zip-archive.js';
import type { ZipEntry } from '../zip/zip-entry.js';
import { collectTensors } from './collect-tensors.js';
import type { PytorchStorage } from './pytorch-storage.js';
import { LastInflated } from './last-inflated.js';
import { FORMAT, notesOnUnreadable, tensorSources } from './tensor-sources.js';

/** More than ten times the largest that is known. */
const MAX_PICKLE_BYTES = 1 << 26;

/**
 * A file that `torch.save` or `torch.jit.save` wrote as a zip (since PyTorch 1.6; caffe2/serialize/inline_container.h): under
 * a folder of any name `data.pkl` with the object, `data/KEY` with one storage each, `byteorder`, `version`; TorchScript has
 * `constants.pkl` and `constants/KEY` besides.
 *
 * @throws RefoldError `RF-FILE-*`
 */
export async function readPytorchZip(source: ByteSource): Promise<WeightsFile> {
  const zip = await ZipArchive.open(source, FORMAT);
  const folder = folderOf(zip);
  const isBigEndian = (await smallText(zip, `${folder}/byteorder`)) === 'big';
  const isScript = zip.entries.has(`${folder}/constants.pkl`);
  const root = await readEntryPickle(zip, `${folder}/data.pkl`);
  const tensors = new Map<
    string,
    WeightsFile['tensors'] extends ReadonlyMap<string, infer T> ? T : never
  >();
  const metadata = new Map<string, string>();
  const inflated = new LastInflated(zip);
  const notes: string[] = [];
  const add = (value: PickleValue, pickle: string, storages: string, prefix: string): void => {
    const fail = (what: string): never => {
      const { headerOffset } = zip.entries.get(pickle)!;
      throw malformed(source.path, headerOffset, FORMAT, what, 'what torch.save writes', 'another');
    };
    const found = collectTensors(source.path, value, fail);
    const sources = tensorSources(
      source.path,
      found.tensors,
      storagesOf(inflated, storages),
      isBigEndian,
    );
    for (const [name, one] of sources) tensors.set(prefix + name, one);
    for (const [key, text] of Object.entries(found.metadata)) metadata.set(prefix + key, text);
    notes.push(...found.notes, ...notesOnUnreadable(found.tensors));
  };
  add(root, `${folder}/data.pkl`, `${folder}/data/`, '');
  if (isScript) {
    notes.unshift('A TorchScript archive: its tensors were read, its code was not.');
    const constants = await readEntryPickle(zip, `${folder}/constants.pkl`);
    add(constants, `${folder}/constants.pkl`, `${folder}/constants/`, 'constants.');
    if (tensors.size === 0) {
      const hint = 'Save the state_dict of the model in Python, and open that.';
      throw unsupportedFile(source.path, 'The TorchScript archive holds no plain tensors.', hint);
    }
  }
  const close = (): Promise<void> => {
    inflated.drop();
    return source.close();
  };
  return { format: 'pytorch', tensors, metadata: Object.fromEntries(metadata), notes, close };
}

/** The one folder at the top that holds a `data.pkl`. */
function folderOf(zip: ZipArchive): string {
  const { path } = zip.source;
  const folders = [...zip.entries.keys()].flatMap((name) => {
    const match = /^([^/]+)\/data\.pkl$/.exec(name);
    return match ? [match[1]!] : [];
  });
  if (folders.length === 1) return folders[0]!;
  if (folders.length > 1) {
    throw malformed(
      path,
      0,
      FORMAT,
      'The zip holds several objects.',
      'one data.pkl',
      folders.join(', '),
    );
  }
  throw unsupportedFile(
    path,
    'The zip was not written by torch.save: it has no data.pkl in a folder.',
    'Formats are recognised by content. If it is an archive around a checkpoint, unpack it.',
    [...zip.entries.keys()].slice(0, 3).join(', ') || 'an empty zip',
  );
}

async function smallText(zip: ZipArchive, name: string): Promise<string> {
  const entry = zip.entries.get(name);
  return entry ? Buffer.from(await zip.head(entry, 16)).toString('latin1') : '';
}

async function readEntryPickle(zip: ZipArchive, name: string): Promise<PickleValue> {
  const entry = zip.entries.get(name)!;
  const { path } = zip.source;
  if (entry.bytes > MAX_PICKLE_BYTES) {
    const message = `The pickle '${name}' is too long.`;
    throw overLimit(path, message, `${MAX_PICKLE_BYTES} bytes`, `${entry.bytes} bytes`);
  }
  const bytes = await zip.read(entry, { verify: false });
  try {
    return readPickle(bytes, 0, path, FORMAT, entry.headerOffset).value;
  } catch (error) {
    if (!(error instanceof PickleEnds)) throw error;
    const message = `The pickle '${name}' ends too early.`;
    throw malformed(path, entry.headerOffset, FORMAT, message, 'a STOP', 'the end');
  }
}

/** @throws RefoldError `RF-FILE-LIMIT` from what it gives, for a compressed storage that is too long */
function storagesOf(
  inflated: LastInflated,
  folder: string,
): (key: string) => PytorchStorage | null {
  const { zip } = inflated;
  const storages = new Map<string, PytorchStorage | null>();
  return (key) => {
    let storage = storages.get(key);
    if (storage === undefined) {
      const entry = zip.entries.get(folder + key);
      if (entry && entry.method !== 0 && entry.bytes > MAX_DEFLATED_BYTES) {
        const message = `The storage '${entry.name}' is too long for a compressed one.`;
        const limit = `${MAX_DEFLATED_BYTES} bytes`;
        throw overLimit(zip.source.path, message, limit, `${entry.bytes} bytes`);
      }
      storage = entry ? zipStorage(inflated, entry) : null;
      storages.set(key, storage);
    }
    return storage;
  };
}

/** A storage that is an entry of a zip; where it is compressed, a reader holds all of it. */
function zipStorage(inflated: LastInflated, entry: ZipEntry): PytorchStorage {
  const { zip } = inflated;
  let opened: Promise<number | null> | undefined;
  const reader = (): ReadBytes => {
    let content: Promise<Uint8Array> | undefined;
    return async (position, length) => {
      opened ??= zip.contentStart(entry);
      const start = await opened;
      if (start !== null) return viewOf(zip.source, start + position, length);
      content ??= inflated.read(entry);
      // A copy: a view, which slice of a Buffer is, would keep the whole storage in memory.
      return new Uint8Array((await content).subarray(position, position + length));
    };
  };
  return { bytes: entry.bytes, reader };
}
