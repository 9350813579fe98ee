import type { StatisticsGroup } from '@refold/core';
import { InternalError, type OpName, type Random } from '@refold/graph';
import { tidy, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import type { KernelSet } from '../kernels/kernel-set.js';
import type { Forward, OpKernel } from '../ops/op-kernel.js';
import { opKernels } from '../ops/op-kernels.js';
import type { Program, ProgramStep } from './compile-program.js';
import { TensorHolds } from './tensor-holds.js';

/** What a run of a program borrows. */
export interface RunEnvironment {
  readonly kernels: KernelSet;
  /** For batch norms in training. */
  readonly group?: StatisticsGroup | undefined;
  /** The device's tensor of a full name. Stays its owner's. */
  tensor(name: string): Tensor;
  /** The stream of a node for this step. */
  random(node: string): Random;
}

/** What backward needs of a forward run; owns its tensors until `holds` is cleared or backward consumed them. */
export interface Trace {
  readonly holds: TensorHolds;
  /** By step. */
  readonly saved: (readonly Tensor[])[];
  /** Mean and unbiased variance by name of the batch_norm node; the receiver disposes them. */
  readonly statistics: Map<string, { readonly mean: Tensor; readonly variance: Tensor }>;
}

/**
 * Runs a program. Disposes `batch`; a value lives until its last reader has run, or, in training, until the
 * backward step that saved it.
 *
 * @returns the output, which the caller disposes, and in training the trace for `runBackward`
 */
export function runForward(
  program: Program,
  batch: Tensor,
  environment: RunEnvironment,
  training: boolean,
): { readonly output: Tensor2D; readonly trace: Trace } {
  const holds = new TensorHolds();
  const trace: Trace = { holds, saved: [], statistics: new Map() };
  const values: Tensor[] = [];
  try {
    holds.hold(batch, program.inputReaders);
    for (const step of program.steps) {
      const inputs = step.inputs.map((index) => (index < 0 ? batch : valueAt(values, index)));
      const result = tidy(
        () => forwardStep(step, inputs, environment, training) as never,
      ) as Forward;
      if (result.statistics) trace.statistics.set(step.node.name, result.statistics);
      const saved = training && step.trained ? result.saved : [];
      for (const tensor of saved) holds.hold(tensor);
      trace.saved.push(saved);
      holds.hold(result.output, step.readers);
      values.push(result.output);
      for (const input of inputs) holds.drop(input);
      disposeUnsaved(result, saved, inputs);
    }
    return { output: valueAt(values, values.length - 1) as Tensor2D, trace };
  } catch (error) {
    disposeTrace(trace);
    throw error;
  }
}

/** Frees a trace that no backward run will consume. */
export function disposeTrace({ holds, statistics }: Trace): void {
  holds.clear();
  for (const { mean, variance } of statistics.values()) {
    mean.dispose();
    variance.dispose();
  }
  statistics.clear();
}

/** Tensors by suffix, borrowed from the environment. */
export function tensorsBySuffix(
  names: Readonly<Record<string, string>>,
  environment: RunEnvironment,
): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    Object.entries(names).map(([suffix, name]) => [suffix, environment.tensor(name)]),
  );
}

function forwardStep(
  step: ProgramStep,
  inputs: readonly Tensor[],
  environment: RunEnvironment,
  training: boolean,
): Forward {
  const { node, inputShapes } = step;
  const kernel = opKernels[node.op] as OpKernel<OpName>;
  return kernel.forward({
    node,
    kernels: environment.kernels,
    group: environment.group,
    inputShapes,
    tensors: tensorsBySuffix(training ? step.parameterNames : step.tensorNames, environment),
    inputs,
    training,
    random: () => environment.random(node.name),
  });
}

/** In inference nobody keeps what an op saved: what is neither its output nor an input goes at once. */
function disposeUnsaved(result: Forward, kept: readonly Tensor[], inputs: readonly Tensor[]): void {
  for (const tensor of result.saved) {
    const elsewhere = tensor === result.output || inputs.includes(tensor) || kept.includes(tensor);
    if (!elsewhere) tensor.dispose();
  }
}

function valueAt(values: readonly Tensor[], index: number): Tensor {
  const value = values[index];
  if (!value) throw new InternalError(`Step ${index} has not run.`);
  return value;
}
