import { loadKoffi } from './load-koffi.js';

/** Memory of this process. */
export interface Mapped {
  readonly address: bigint;
  readonly memory: ArrayBuffer;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
/** MAP_FAILED, −1, as an address. */
const FAILED = 0xffff_ffff_ffff_ffffn;

type Mmap = (
  address: null,
  bytes: number,
  protection: number,
  flags: number,
  descriptor: number,
  offset: number,
) => bigint;

let mmap: Mmap | undefined;

/**
 * Maps the first bytes of an open file, so that what one process writes the others see. It stays mapped as long as the
 * process lives.
 *
 * @returns null where the system refuses
 */
export function mapFile(descriptor: number, bytes: number): Mapped | null {
  const koffi = loadKoffi();
  mmap ??= koffi
    .load(null)
    .func('mmap', 'void *', ['void *', 'size_t', 'int', 'int', 'int', 'long']) as unknown as Mmap;
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, descriptor, 0);
  return address === FAILED ? null : { address, memory: koffi.view(address, bytes) };
}
