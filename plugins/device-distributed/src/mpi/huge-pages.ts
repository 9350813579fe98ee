import { loadKoffi } from './load-koffi.js';

/** Bytes of a large page on most systems. */
export const HUGE_PAGE = 2 ** 21;
/** Of madvise(2), Linux 6.1: also where a system gives files in memory no large pages by itself. */
const MADV_COLLAPSE = 25;

interface Madvise {
  async(address: bigint, bytes: number, advice: number, done: () => void): void;
}

let madvise: Madvise | undefined;

/**
 * Has the system keep memory in large pages, where it can: small ones are copied into them once, on a thread of the pool. What
 * looks up addresses in passing through all gradients takes a step longer else.
 *
 * @param address a multiple of {@link HUGE_PAGE}
 */
export function useHugePages(address: bigint, bytes: number): Promise<void> {
  madvise ??= loadKoffi()
    .load(null)
    .func('madvise', 'int', ['uintptr_t', 'size_t', 'int']) as unknown as Madvise;
  // Where it fails, small pages do as well.
  return new Promise((resolve) => madvise!.async(address, bytes, MADV_COLLAPSE, () => resolve()));
}
