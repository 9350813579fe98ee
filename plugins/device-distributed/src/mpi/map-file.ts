import { HUGE_PAGE } from './huge-pages.js';
import { loadKoffi } from './load-koffi.js';

/** Memory of this process. */
export interface Mapped {
  readonly address: bigint;
  readonly memory: ArrayBuffer;
}

const PROT_NONE = 0;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FIXED = 0x10;
/** MAP_PRIVATE, MAP_ANONYMOUS and MAP_NORESERVE: addresses without memory. */
const ADDRESSES = 0x4022;
/** MAP_FAILED, −1, as an address. */
const FAILED = 0xffff_ffff_ffff_ffffn;

type Mmap = (
  address: bigint,
  bytes: number,
  protection: number,
  flags: number,
  descriptor: number,
  offset: number,
) => bigint;

let mmap: Mmap | undefined;

/**
 * Maps the first bytes of an open file, so that what one process writes the others see, at a multiple of a large page. It stays
 * mapped as long as the process lives. For Linux.
 *
 * @returns null where the system refuses
 */
export function mapFile(descriptor: number, bytes: number): Mapped | null {
  const koffi = loadKoffi();
  mmap ??= koffi
    .load(null)
    .func('mmap', 'void *', [
      'uintptr_t',
      'size_t',
      'int',
      'int',
      'int',
      'long',
    ]) as unknown as Mmap;
  const room = mmap(0n, bytes + HUGE_PAGE, PROT_NONE, ADDRESSES, -1, 0);
  if (room === FAILED) return null;
  const page = BigInt(HUGE_PAGE);
  const start = ((room + page - 1n) / page) * page;
  const address = mmap(start, bytes, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED, descriptor, 0);
  return address === FAILED ? null : { address, memory: koffi.view(address, bytes) };
}
