import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const python = process.env['REFOLD_PYTHON'];
const needed = 'import timm, onnxruntime';
const isThere = python !== undefined && spawnSync(python, ['-c', needed]).status === 0;
const root = path.join(import.meta.dirname, '..', '..');

/** One of each family; `benchmarks/timm-to-onnx.mjs` measures all, at both sizes. */
const MODELS = ['repvgg_a0', 'mobileone_s0', 'repghostnet_050', 'repvit_m0_9', 'fastvit_t8'];
const MINUTES_MS = 300_000;

interface Row {
  readonly model: string;
  readonly relativeError?: number;
  readonly top1Agreement?: number;
  readonly error?: string;
}

(isThere ? describe : describe.skip)(
  'from timm through .pth, refold fuse and ONNX (skipped without REFOLD_PYTHON, timm and onnxruntime)',
  () => {
    it(
      "ONNX Runtime gives timm's logits within 1e-4, for one network of each family",
      () => {
        const script = path.join(root, 'benchmarks', 'timm-to-onnx.py');
        const refold = path.join(root, 'packages', 'cli', 'bin', 'refold.js');
        const args = [script, '--refold', refold, '--models', MODELS.join(','), '--sizes', '64'];
        const { stdout } = spawnSync(python!, args, { encoding: 'utf8' });
        const { rows } = JSON.parse(stdout) as { rows: Row[] };
        expect(rows.map(({ model, error }) => ({ model, error }))).toEqual(
          MODELS.map((model) => ({ model })),
        );
        for (const { relativeError, top1Agreement } of rows) {
          expect(relativeError).toBeLessThan(1e-4);
          expect(top1Agreement).toBe(1);
        }
      },
      MINUTES_MS,
    );
  },
);
