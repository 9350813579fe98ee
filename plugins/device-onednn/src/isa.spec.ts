import { beforeAll, expect, it } from '@jest/globals';
import { relativeError } from '@refold/testing';
import { describeBuilt } from './spec-kit/describe-built.js';
import type { PrintedInt8 } from './spec-kit/print-int8.js';
import type { PrintedStep } from './spec-kit/print-step.js';
import { runScript } from './spec-kit/run-script.js';

const step = (env: NodeJS.ProcessEnv) => runScript('print-step', [], env) as Promise<PrintedStep>;

/** The kernels of an instruction set; oneDNN may use what it likes, but on AVX2. */
const sets = [
  ['avx512_bf16', {}],
  ['avx512', {}],
  ['avx2', { ONEDNN_MAX_CPU_ISA: 'AVX2' }],
  ['portable', {}],
] as const;

describeBuilt('kernels of onednn', () => {
  let usual: PrintedStep;
  beforeAll(async () => {
    usual = await step({ REFOLD_ONEDNN_ISA: '' });
  });

  it.each(sets)('for %s compute the same step as the usual ones', async (isa, env) => {
    const own = await step({ ...env, REFOLD_ONEDNN_ISA: isa });
    if (own.isa !== isa) {
      // A processor without them: the addon takes the portable ones.
      expect(own.isa).toBe('portable');
      return;
    }
    expect(own.algorithms).toContain('winograd F(4x4,3x3)');
    expect(Math.abs(own.loss / usual.loss - 1)).toBeLessThan(1e-5);
    expect(relativeError(own.logits, usual.logits)).toBeLessThan(1e-5);
    const errors = Object.entries(usual.gradients).map(([name, expected]) => ({
      name,
      error: relativeError(own.gradients[name]!, expected),
    }));
    expect(errors).toHaveLength(30);
    expect(errors.filter(({ error }) => !(error < 1e-5))).toEqual([]);
  });

  it.each(sets)('for %s compute the same bytes as the usual ones', async (isa, env) => {
    const int8 = (more: NodeJS.ProcessEnv) =>
      runScript('print-int8', [], more) as Promise<PrintedInt8>;
    const own = await int8({ ...env, REFOLD_ONEDNN_ISA: isa });
    expect(own.algorithms).toContain('integers by channel');
    expect(own.values).toEqual((await int8({ REFOLD_ONEDNN_ISA: '' })).values);
  });
});
