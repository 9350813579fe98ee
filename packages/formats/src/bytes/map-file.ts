import { closeSync, fstatSync, openSync } from 'node:fs';

/** `sys/mman.h`; the same on Linux and macOS. */
const PROT_READ_WRITE = 1 | 2;
const MAP_PRIVATE = 2;

interface Memory {
  map(descriptor: number, bytes: number): ArrayBuffer | null;
}

let memory: Promise<Memory | null> | undefined;

/**
 * A file's bytes as pages of the page cache, without a copy: they come when they are looked at, and writing to them changes
 * this process's view alone. The pages are given back when nothing refers to the buffer any more; it must not be transferred
 * to another thread, and the file must not be cut while it is mapped: whoever then looks at a lost page ends the process
 * (SIGBUS). Files that are replaced by renaming, as Refold does, are safe.
 *
 * Nothing is waited for once the file is open: V8 answers half a gigabyte of new buffers with a collection at the next turn of
 * the event loop, which would take longer than all of the opening.
 *
 * @returns null where mapping is not to be had (Windows, no koffi, a folder, an empty file)
 * @throws the system's error where the file cannot be opened
 */
export async function mapFile(path: string): Promise<ArrayBuffer | null> {
  memory ??= loadMemory();
  const calls = await memory;
  if (!calls) return null;
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    return size === 0 ? null : calls.map(descriptor, size);
  } finally {
    closeSync(descriptor);
  }
}

async function loadMemory(): Promise<Memory | null> {
  if (process.platform === 'win32') return null;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
    const munmap = libc.func('int munmap(void *, size_t)');
    const unused = new FinalizationRegistry<{ address: unknown; bytes: number }>(
      ({ address, bytes }) => void munmap(address, bytes),
    );
    const failed = 2n ** 64n - 1n;
    return {
      map(descriptor, bytes) {
        const address: unknown = mmap(null, bytes, PROT_READ_WRITE, MAP_PRIVATE, descriptor, 0);
        if (koffi.address(address) === failed) return null;
        const buffer = koffi.view(address, bytes);
        unused.register(buffer, { address, bytes });
        return buffer;
      },
    };
  } catch {
    return null;
  }
}
