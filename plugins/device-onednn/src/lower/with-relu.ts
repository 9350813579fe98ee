import type { NativeStep } from '../native/native-program.js';

/**
 * Steps of inference in which a convolution takes over the relu that alone reads it; so does a linear layer in integers.
 *
 * @param output value that the program gives away @param stored values that are stored in eight bits, and so are made
 */
export function withRelu(
  steps: readonly NativeStep[],
  output: number,
  stored: ReadonlySet<number> = new Set(),
): readonly NativeStep[] {
  const readers = new Map<number, number>();
  for (const { inputs } of steps)
    for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const convolved = new Set(
    steps.filter((step) => takesRelu(step) && !stored.has(step.output)).map(({ output: y }) => y),
  );
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
      if (!relu || !takesRelu(step)) return step;
      return { ...step, output: relu.output, activation: 'relu' as const };
    });
}

type Layer = Extract<NativeStep, { readonly op: 'conv2d' | 'linear' }>;

function takesRelu(step: NativeStep): step is Layer {
  return step.op === 'conv2d' || (step.op === 'linear' && step.scales !== undefined);
}
