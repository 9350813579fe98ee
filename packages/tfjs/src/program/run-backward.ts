import type { OpName } from '@refold/graph';
import { add, tidy, type Tensor } from '@tensorflow/tfjs-core';
import type { Backward, OpKernel } from '../ops/op-kernel.js';
import { opKernels } from '../ops/op-kernels.js';
import type { Program, ProgramStep } from './compile-program.js';
import { tensorsBySuffix, type RunEnvironment, type Trace } from './run-forward.js';

/**
 * Walks a program backwards from the gradient of its output. Consumes the trace (what a step saved goes when
 * the step is done) and disposes `dOutput`. Gradients of a value with several readers add up.
 *
 * @param receive takes each parameter's gradient as it is finished; the receiver disposes it
 */
export function runBackward(
  program: Program,
  trace: Trace,
  dOutput: Tensor,
  environment: RunEnvironment,
  receive: (parameter: string, gradient: Tensor) => void,
): void {
  const { holds } = trace;
  const gradients: (Tensor | undefined)[] = [];
  gradients[program.steps.length - 1] = dOutput;
  holds.hold(dOutput);
  try {
    for (let index = program.steps.length - 1; index >= 0; index--) {
      const step = program.steps[index] as ProgramStep;
      const dy = gradients[index];
      const saved = trace.saved[index] ?? [];
      if (dy && step.trained) {
        const result = tidy(() => backwardStep(step, dy, saved, environment) as never) as Backward;
        result.inputs.forEach((dx, i) => {
          if (dx) accumulate(step.inputs[i] ?? -1, dx);
        });
        for (const [suffix, gradient] of Object.entries(result.parameters ?? {})) {
          receive(step.tensorNames[suffix] ?? suffix, gradient);
        }
      }
      if (dy) holds.drop(dy);
      for (const tensor of saved) holds.drop(tensor);
    }
  } finally {
    holds.clear();
  }

  function accumulate(index: number, dx: Tensor): void {
    if (index < 0) return;
    const before = gradients[index];
    if (!before) {
      holds.hold(dx);
      gradients[index] = dx;
      return;
    }
    const total = add(before, dx);
    holds.hold(total);
    holds.drop(before);
    // dx may be the dy of its own step, which others still hold; otherwise it is ours to dispose.
    holds.hold(dx);
    holds.drop(dx);
    gradients[index] = total;
  }
}

function backwardStep(
  step: ProgramStep,
  dy: Tensor,
  saved: readonly Tensor[],
  environment: RunEnvironment,
): Backward {
  const { node, inputShapes, needs } = step;
  const kernel = opKernels[node.op] as OpKernel<OpName>;
  return kernel.backward({
    node,
    kernels: environment.kernels,
    group: environment.group,
    inputShapes,
    needs,
    tensors: tensorsBySuffix(step.parameterNames, environment),
    dy,
    saved,
  });
}
