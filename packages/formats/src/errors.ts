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
    expected: 'a file that can be read',
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

/** The content of a file breaks the rules of its format. `offset` is in bytes from the start of the file. */
export function malformed(
  path: string,
  offset: number,
  format: string,
  message: string,
  expected: string,
  received: string,
): RefoldError {
  return new RefoldError('RF-FILE-MALFORMED', {
    where: `${path}: byte ${offset}`,
    message,
    expected,
    received,
    hint: `The file is damaged or not ${format}.`,
  });
}

/** The first bytes are of no format that can be read. */
export function unknownWeights(
  path: string,
  formats: readonly string[],
  head: Uint8Array,
): RefoldError {
  const start = Buffer.from(head.subarray(0, 16)).toString('hex').replace(/(..)/g, '$1 ').trim();
  return new RefoldError('RF-FILE-UNKNOWN', {
    where: path,
    message: 'The file is of no format that Refold reads.',
    expected: formats.join(', '),
    received: head.length === 0 ? 'an empty file' : `a file that starts with ${start}`,
    hint: 'Formats are recognised by content, not by name: check that this is the file you mean.',
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
    hint: '`refold import FILE -o MODEL` makes a Refold network of them, where a plugin knows it.',
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

/** A kind of file, or a part of one, that is known but not read here. `hint` says what to do instead. */
export function unsupportedFile(
  where: string,
  message: string,
  hint: string,
  received?: string,
): RefoldError {
  return new RefoldError('RF-FILE-UNSUPPORTED', {
    where,
    message,
    hint,
    ...(received === undefined ? {} : { received }),
  });
}

/** A file asks for more than a real one ever needs: bombs, cycles, claimed sizes. */
export function overLimit(
  path: string,
  message: string,
  limit: string,
  received: string,
): RefoldError {
  return new RefoldError('RF-FILE-LIMIT', {
    where: path,
    message,
    expected: `at most ${limit}`,
    received,
    hint: 'The file is damaged or was made to exhaust the memory of who opens it.',
  });
}

/** A pickle names something that no weights need and that would do harm where pickles are run. Nothing was run. */
export function unsafePickle(path: string, offset: number, name: string): RefoldError {
  return new RefoldError('RF-FILE-PICKLE-UNSAFE', {
    where: `${path}: byte ${offset}`,
    message: `The pickle names '${name}', which has no place among weights.`,
    hint: 'Refold ran nothing of it, but a program that unpickles the file would. Do not open it elsewhere; get the weights from a source you trust.',
  });
}

/** A tensor's type exists in the format but not here. */
export function unreadableDtype(path: string, tensor: string, dtype: string): RefoldError {
  return new RefoldError('RF-FILE-DTYPE', {
    where: path,
    message: `The tensor '${tensor}' is of a type that Refold does not read.`,
    expected: 'floating-point numbers, integers or booleans, dense',
    received: dtype,
    hint: 'Convert the tensor in the program that made the file, or leave it out.',
  });
}

/** A tensor's type does not exist in the format that is written. */
export function unwritableDtype(
  path: string,
  tensor: string,
  dtype: string,
  format: string,
): RefoldError {
  return new RefoldError('RF-FILE-DTYPE', {
    where: path,
    message: `The tensor '${tensor}' cannot be written to ${format}.`,
    received: dtype,
    hint: 'Write safetensors, which has every type, or convert the tensor.',
  });
}

/** The content of an entry of a zip is not what was put in. */
export function checksumOfEntry(
  path: string,
  entry: string,
  expected: number,
  received: number,
): RefoldError {
  const hex = (value: number) => value.toString(16).padStart(8, '0');
  return new RefoldError('RF-FILE-CHECKSUM', {
    where: path,
    message: `The entry '${entry}' was changed or damaged after it was written.`,
    expected: `CRC-32 ${hex(expected)}`,
    received: `CRC-32 ${hex(received)}`,
    hint: 'Use another copy of the file.',
  });
}

/** The index of a model in several files breaks its rules, or does not fit the files. */
export function badIndex(
  path: string,
  message: string,
  expected: string,
  received: string,
): RefoldError {
  return new RefoldError('RF-FILE-INDEX', {
    where: path,
    message,
    expected,
    received,
    hint: 'The index is damaged, or belongs to other files than those beside it.',
  });
}

/** A tensor of an ONNX model keeps its elements outside the model's folder. */
export function externalOutside(path: string, location: string): RefoldError {
  return new RefoldError('RF-ONNX-EXTERNAL', {
    where: path,
    message: 'The model keeps weights in a file that does not lie in its folder.',
    expected: "a relative path below the model's folder",
    received: `'${location.slice(0, 200)}'`,
    hint: 'Put the file beside the model and save the model again, or do not trust it.',
  });
}

/** A tensor of an ONNX model has a type that Refold does not hold. */
export function onnxUnsupportedType(path: string, tensor: string, type: string): RefoldError {
  return new RefoldError('RF-FILE-DTYPE', {
    where: path,
    message: `The tensor '${tensor}' has a type that cannot be read.`,
    expected: 'a real number or an integer of at least eight bits',
    received: type,
  });
}

/** An ONNX model breaks a rule of ONNX. */
export function badOnnx(
  path: string,
  message: string,
  expected: string,
  received: string,
): RefoldError {
  return new RefoldError('RF-ONNX-MODEL', {
    where: path,
    message,
    expected,
    received,
    hint: 'Check the model with onnx.checker; export it again where that complains too.',
  });
}

/** A node holds a tensor whose elements lie in another file, and the model is to be written again. */
export function onnxNestedExternal(path: string, node: string): RefoldError {
  return new RefoldError('RF-ONNX-NESTED-EXTERNAL', {
    where: path,
    message: `The node '${node}' holds a tensor whose elements lie in another file.`,
    expected: 'such tensors among the initializers alone',
    hint: 'Load and save the model with onnx (load_external_data=True), then try again.',
  });
}

/** A node of an ONNX model that Refold's vocabulary cannot say. */
export function onnxUnsupported(
  path: string,
  node: string,
  opType: string,
  reason: string,
): RefoldError {
  return new RefoldError('RF-ONNX-UNSUPPORTED', {
    where: path,
    message: `The node '${node}' (${opType}) cannot be part of a Refold network: ${reason}.`,
    hint: 'Its re-parameterisable parts can still be fused inside the model: fuse the .onnx file itself.',
  });
}

/** Something that is not ours to replace lies where a folder is to be written. */
export function folderInUse(folder: string, mark: string, received: string): RefoldError {
  return new RefoldError('RF-FILE-FOLDER', {
    where: folder,
    message: 'Something else is there already.',
    expected: `nothing, an empty folder, or one with a ${mark} and what belongs to it`,
    received,
    hint: 'Name another folder, or move what is there away.',
  });
}

/** A tensor's name that a format cannot hold, or that no reader should take from it. */
export function unwritableName(path: string, tensor: string, format: string): RefoldError {
  return new RefoldError('RF-FILE-NAME', {
    where: path,
    message: `A tensor cannot be written to ${format} under its name.`,
    expected: "text that is not empty, without '..', a leading '/' or halves of characters",
    received: JSON.stringify(tensor.slice(0, 200)),
    hint: 'Rename the tensor, or write safetensors.',
  });
}
