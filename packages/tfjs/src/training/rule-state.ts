import {
  InternalError,
  slotTensorName,
  type Assignment,
  type TensorSpec,
  type UpdateRule,
} from '@refold/graph';
import { clone, fill, keep, scalar, tidy, type Tensor } from '@tensorflow/tfjs-core';
import type { WeightStore } from '../weights/weight-store.js';
import { evaluateExpression } from './evaluate-expression.js';
import type { GradientStore } from './gradient-store.js';

/** An update rule's slots on the device, and its application. Owns the slots. */
export class RuleState {
  /** Updates made. */
  step = 0;
  readonly #slots = new Map<string, Tensor>();
  readonly #ownerOf = new Map<string, string>();

  constructor(
    private readonly rule: UpdateRule,
    private readonly parameters: readonly TensorSpec[],
    private readonly weights: WeightStore,
  ) {
    for (const { name } of parameters) {
      for (const { name: slot, init } of rule.slots) {
        const shape = weights.layout(name).deviceShape as number[];
        this.#slots.set(slotTensorName(slot, name), fill(shape, init));
        this.#ownerOf.set(slotTensorName(slot, name), name);
      }
    }
  }

  /** Slot tensors by full name with the parameter whose layout they have. */
  *slots(): Iterable<{
    readonly name: string;
    readonly parameter: string;
    readonly tensor: Tensor;
  }> {
    for (const [name, tensor] of this.#slots)
      yield { name, parameter: this.owner(name) ?? '', tensor };
  }

  /** The parameter of a slot's full name; undefined where there is no such slot. */
  owner(slotName: string): string | undefined {
    return this.#ownerOf.get(slotName);
  }

  /** Takes ownership of a slot's new value, in device layout. */
  replace(slotName: string, tensor: Tensor): void {
    this.#slots.get(slotName)?.dispose();
    this.#slots.set(slotName, tensor);
  }

  /** One update of every parameter; the gradients stay as they are. */
  update(gradients: GradientStore, rate: number): void {
    this.step++;
    const scalars = new Map<number, Tensor>();
    const scalarOf = (value: number): Tensor => {
      const known = scalars.get(value);
      if (known) return known;
      // `keep`: the scalar outlives the tidy of the parameter that asks first.
      const made = keep(scalar(value));
      scalars.set(value, made);
      return made;
    };
    try {
      for (const { name } of this.parameters) this.#updateOne(name, gradients, rate, scalarOf);
    } finally {
      for (const tensor of scalars.values()) tensor.dispose();
    }
  }

  dispose(): void {
    for (const tensor of this.#slots.values()) tensor.dispose();
    this.#slots.clear();
  }

  #updateOne(
    name: string,
    gradients: GradientStore,
    rate: number,
    scalarOf: (value: number) => Tensor,
  ): void {
    const results = tidy(() => {
      const gradient = gradients.mean(name);
      const current = new Map<string, Tensor>([[name, this.weights.get(name)]]);
      const read = (full: string) => current.get(full) ?? this.#slot(full);
      for (const assignment of this.rule.assignments) {
        const target = targetName(assignment, name);
        const value = evaluateExpression(assignment.value, {
          parameter: read(name),
          gradient,
          slot: (slot) => read(slotTensorName(slot, name)),
          rate,
          step: this.step,
          hyper: (hyper) => this.#hyper(hyper, name),
          scalar: scalarOf,
        });
        const shape = this.weights.layout(name).deviceShape as number[];
        current.set(target, typeof value === 'number' ? fill(shape, value) : value);
      }
      // A value that is somebody's tensor already (v ← g) gets a handle of its own.
      return [...current].map(([target, value]): [string, Tensor] => [
        target,
        clone(value),
      ]) as never;
    }) as [string, Tensor][];
    for (const [target, tensor] of results) {
      if (target === name) this.weights.replace(name, tensor);
      else this.replace(target, tensor);
    }
  }

  #slot(fullName: string): Tensor {
    const tensor = this.#slots.get(fullName);
    if (!tensor)
      throw new InternalError(`The update rule '${this.rule.name}' has no slot '${fullName}'.`);
    return tensor;
  }

  #hyper(hyper: string, parameter: string): number {
    const entry = this.rule.hyper[hyper];
    if (!entry)
      throw new InternalError(`The update rule '${this.rule.name}' has no hyper '${hyper}'.`);
    return entry.perParameter?.[parameter] ?? entry.value;
  }
}

function targetName({ target }: Assignment, parameter: string): string {
  return 'slot' in target ? slotTensorName(target.slot, parameter) : parameter;
}
