import type { NativeStep } from '../native/native-program.js';

/**
 * Steps of inference in which a convolution takes over the relu that alone reads it.
 *
 * @param output value that the program gives away
 */
export function withRelu(steps: readonly NativeStep[], output: number): readonly NativeStep[] {
  const readers = new Map<number, number>();
  for (const { inputs } of steps)
    for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const convolved = new Set(steps.filter(({ op }) => op === 'conv2d').map((step) => step.output));
  const relus = new Map<number, NativeStep>();
  for (const step of steps) {
    const [input = -1] = step.inputs;
    const isRelu = step.op === 'branches' && step.activation === 'relu' && step.inputs.length === 1;
    if (!isRelu || step.norms[0] || !convolved.has(input)) continue;
    if (input !== output && readers.get(input) === 1) relus.set(input, step);
  }
  const gone = new Set(relus.values());
  return steps
    .filter((step) => !gone.has(step))
    .map((step) => {
      const relu = relus.get(step.output);
      if (!relu || step.op !== 'conv2d') return step;
      return { ...step, output: relu.output, activation: 'relu' as const };
    });
}
