import { unsupportedFile } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { LEGACY_HEAD, readPytorchLegacy } from './read-pytorch-legacy.js';
import { readPytorchZip } from './read-pytorch-zip.js';

/** Of a tar's magic `ustar`, in bytes from its start (POSIX.1-1988). */
const TAR_MAGIC_AT = 257;
const ZIP_HEAD = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);

/** True for heads of what `torch.save` wrote in any version, and for bare pickles, which are refused by name. */
export function looksLikePytorch(head: Uint8Array): boolean {
  return startsWith(head, ZIP_HEAD) || isPickle(head) || isTar(head);
}

/**
 * Weights from a file of `torch.save` or `torch.jit.save`. The pickle in it is read as data: nothing that it names is looked
 * up or run (see {@link readPytorchZip} and {@link readPytorchLegacy}).
 *
 * @throws RefoldError `RF-FILE-UNSUPPORTED` for tar files (before PyTorch 0.2) and bare pickles; `RF-FILE-*` for damage
 */
export async function openPytorch(source: ByteSource): Promise<WeightsFile> {
  const head = await source.read(0, Math.min(512, source.size));
  if (startsWith(head, ZIP_HEAD)) return readPytorchZip(source);
  if (startsWith(head, LEGACY_HEAD)) return readPytorchLegacy(source);
  if (isTar(head)) {
    throw unsupportedFile(
      source.path,
      'The file is a tar, as PyTorch before 0.2 wrote.',
      'Load it with PyTorch and save its state_dict again.',
    );
  }
  throw unsupportedFile(
    source.path,
    'The file is a pickle that torch.save did not write.',
    'Load it in Python and save its tensors with torch.save or as safetensors.',
  );
}

function startsWith(head: Uint8Array, prefix: Uint8Array): boolean {
  return head.length >= prefix.length && prefix.every((byte, i) => head[i] === byte);
}

/** PROTO 2 to 5. */
function isPickle(head: Uint8Array): boolean {
  return head.length > 2 && head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5;
}

function isTar(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5)).toString('latin1') === 'ustar';
}
