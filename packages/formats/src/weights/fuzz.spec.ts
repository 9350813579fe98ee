import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const script = join(import.meta.dirname, '../../../../benchmarks/fuzz-readers.mjs');

(existsSync(script) ? describe : describe.skip)(
  'fuzzing (skipped outside of the repository)',
  () => {
    it('finds nothing in a small run', () => {
      const args = [script, '--inputs', '4000', '--seed', '3', '--json'];
      const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
      const summary = JSON.parse(printed) as { inputs: number; failed: number; peakBytes: number };
      expect(summary).toMatchObject({ inputs: 4000, failed: 0 });
      expect(summary.peakBytes).toBeLessThan(2 ** 29);
    });
  },
);
