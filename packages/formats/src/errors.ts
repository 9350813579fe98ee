import { RefoldError } from '@refold/graph';

/** A file cannot be opened or read at all. */
export function unreadable(path: string, cause: unknown): RefoldError {
  const code = (cause as { code?: string }).code;
  return new RefoldError('RF-FILE-UNREADABLE', {
    where: path,
    message:
      code === 'ENOENT'
        ? 'There is no such file.'
        : code === 'EISDIR'
          ? 'This is a folder, not a file.'
          : `The file cannot be read (${code ?? String(cause)}).`,
    expected: 'a readable safetensors file',
    hint: 'Check the path and its permissions.',
    cause,
  });
}

/** A file ends before what its header promises. `offset` is in bytes from the start of the file. */
export function truncated(
  path: string,
  offset: number,
  expectedBytes: number,
  receivedBytes: number,
): RefoldError {
  return new RefoldError('RF-FILE-TRUNCATED', {
    where: `${path}: byte ${offset}`,
    message: 'The file ends too early.',
    expected: `${expectedBytes} bytes`,
    received: `${receivedBytes} bytes`,
    hint: 'The file was not written or copied to its end; use another copy.',
  });
}

/** The header of a safetensors file breaks the format's rules. `offset` is in bytes from the start of the file. */
export function badHeader(
  path: string,
  offset: number,
  message: string,
  expected: string,
  received: string,
): RefoldError {
  return new RefoldError('RF-FILE-HEADER', {
    where: `${path}: byte ${offset}`,
    message,
    expected,
    received,
    hint: 'The file is damaged or not a safetensors file.',
  });
}

/** The data does not fit into memory. */
export function tooLarge(path: string, bytes: number, cause: unknown): RefoldError {
  return new RefoldError('RF-FILE-TOO-LARGE', {
    where: path,
    message: `The file's ${bytes} bytes do not fit into memory.`,
    hint: 'Use a machine with more memory, or a smaller file.',
    cause,
  });
}

/** A tensor's type cannot be used as weights. */
export function unsupportedDtype(path: string, tensor: string, dtype: string): RefoldError {
  return new RefoldError('RF-FILE-DTYPE', {
    where: path,
    message: `The tensor '${tensor}' cannot be used as float32 weights.`,
    expected: 'F64, F32, F16 or BF16',
    received: dtype,
  });
}

/** The disk has no room for the file. Nothing of it is left. */
export function diskFull(path: string, cause: unknown): RefoldError {
  return new RefoldError('RF-FILE-DISK-FULL', {
    where: path,
    message: 'The disk is full: the file was not written, nothing half-written remains.',
    hint: 'Free some space (older checkpoints are a good place to look), or choose another --output-dir.',
    cause,
  });
}

/** A file cannot be written for a reason other than a full disk. Nothing of it is left. */
export function unwritable(path: string, cause: unknown): RefoldError {
  const code = (cause as { code?: string }).code ?? String(cause);
  return new RefoldError('RF-FILE-UNWRITABLE', {
    where: path,
    message: `The file cannot be written (${code}); nothing half-written remains.`,
    hint: 'Check that the folder exists and can be written to.',
    cause,
  });
}

/** A safetensors file that Refold did not write. */
export function notRefold(path: string, received: string): RefoldError {
  return new RefoldError('RF-FILE-NOT-REFOLD', {
    where: path,
    message: 'These are weights without a Refold network.',
    expected:
      "a file with 'refold.format' in its metadata, as `refold train` and `refold fuse` write",
    received,
    hint: 'Start a training from these weights with `refold train --weights FILE`; what it saves is a Refold file.',
  });
}

/** A file of a later format version. */
export function unknownFormat(path: string, received: string): RefoldError {
  return new RefoldError('RF-FILE-FORMAT', {
    where: path,
    message: 'This version of Refold cannot read the file.',
    expected: "refold.format '1'",
    received: `'${received}'`,
    hint: 'Update Refold.',
  });
}

/** Metadata of a Refold file that is missing or malformed. */
export function badMetadata(path: string, key: string, received: string): RefoldError {
  return new RefoldError('RF-FILE-METADATA', {
    where: path,
    message: `The file's metadata '${key}' is not usable.`,
    received,
    hint: 'The file is damaged; use another copy.',
  });
}

/** The content is not what was written. */
export function checksumMismatch(path: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-FILE-CHECKSUM', {
    where: path,
    message: 'The file was changed or damaged after it was written.',
    expected: `sha256 ${expected}`,
    received: `sha256 ${received}`,
    hint: 'Use another copy of the file.',
  });
}

/** Weights that do not fit the graph they come with. Each problem is one line. */
export function weightsDoNotFit(where: string, problems: readonly string[]): RefoldError {
  const shown = problems.slice(0, 12);
  const more = problems.length - shown.length;
  return new RefoldError('RF-FILE-WEIGHTS', {
    where,
    message: `The weights do not fit the network (${problems.length} ${problems.length === 1 ? 'tensor' : 'tensors'}):\n${shown.map((problem) => `  ${problem}`).join('\n')}${more > 0 ? `\n  … and ${more} more` : ''}`,
    hint: 'The file and the network belong to different models, or the file is damaged.',
  });
}

/** Something that is not ours to replace lies where a folder is to be written. */
export function folderInUse(folder: string, mark: string, received: string): RefoldError {
  return new RefoldError('RF-FILE-FOLDER', {
    where: folder,
    message: 'Something else is there already.',
    expected: `nothing, an empty folder, or one with a ${mark} to replace`,
    received,
    hint: 'Name another folder, or move what is there away.',
  });
}
