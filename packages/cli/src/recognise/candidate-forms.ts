import type { ModelContext } from '@refold/core';
import { tensorsOf, type Graph, type TensorSpec } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import type { Form } from '../open-model.js';
import type { ModelCandidate } from './model-candidates.js';

/** One form of a candidate. */
export interface CandidateForm {
  readonly candidate: ModelCandidate;
  readonly form: Form;
  /** By name, for `USUAL_CLASSES` classes. */
  readonly specs: ReadonlyMap<string, TensorSpec>;
  /** Tensors whose shape depends on the number of classes, with the axis that does. */
  readonly classAxes: ReadonlyMap<string, number>;
}

/** Any number does: tensors that depend on it are compared without it. */
const USUAL_CLASSES = 1000;

/** The tensors of a candidate in one form. Graphs are built, nothing is computed. */
export function candidateForm(
  candidate: ModelCandidate,
  form: Form,
  context: Omit<ModelContext, 'numClasses'>,
): CandidateForm {
  const build = (numClasses: number): readonly TensorSpec[] =>
    tensorsOf(formOfModel(candidate, form, { ...context, numClasses }));
  const specs = build(USUAL_CLASSES);
  const others = build(USUAL_CLASSES + 1);
  const classAxes = new Map<string, number>();
  for (const [i, { name, shape }] of specs.entries()) {
    const axis = shape.findIndex((size, at) => size !== others[i]!.shape[at]);
    if (axis !== -1) classAxes.set(name, axis);
  }
  return { candidate, form, specs: new Map(specs.map((spec) => [spec.name, spec])), classAxes };
}

/** The graph of a candidate in the form wanted. */
export function formOfModel({ model }: ModelCandidate, form: Form, context: ModelContext): Graph {
  const graph = model.build(context);
  return form === 'train' ? graph : fusedForm(graph);
}
