import { expect, it } from '@jest/globals';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { HUGE_PAGE, useHugePages } from './huge-pages.js';
import { mapFile } from './map-file.js';
import { hasSharedMemory } from './spec-kit/has-shared-memory.js';

const itMaps = hasSharedMemory() ? it : it.skip;

itMaps(
  'memory keeps its values when it moves to large pages, and is shared as before',
  async () => {
    const path = `/dev/shm/refold-huge-pages-${process.pid}`;
    const file = openSync(path, 'wx+', 0o600);
    try {
      writeSync(
        file,
        Uint8Array.from({ length: 2 * HUGE_PAGE }, (_, i) => i % 251),
      );
      const mapped = mapFile(file, 2 * HUGE_PAGE)!;
      expect(mapped.address % BigInt(HUGE_PAGE)).toBe(0n);

      await useHugePages(mapped.address, 2 * HUGE_PAGE);

      const bytes = new Uint8Array(mapped.memory);
      expect(bytes.every((value, i) => value === i % 251)).toBe(true);
      const again = new Uint8Array(mapFile(file, 2 * HUGE_PAGE)!.memory);
      bytes[HUGE_PAGE + 1] = 252;
      expect(again[HUGE_PAGE + 1]).toBe(252);
    } finally {
      closeSync(file);
      rmSync(path);
    }
  },
);

itMaps('memory that cannot move is left as it is', async () => {
  await expect(useHugePages(0n, HUGE_PAGE)).resolves.toBeUndefined();
});
