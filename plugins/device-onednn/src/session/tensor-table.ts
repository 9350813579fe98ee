import {
  slotTensorName,
  tensorsOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type TensorSpec,
} from '@refold/graph';
import { tensorUnknown } from '../errors.js';
import type { LoweredGraph } from '../lower/lower-graph.js';

interface Entry {
  readonly shape: readonly number[];
  /** As `NativeSession.read` counts. */
  readonly index: number;
}

/** The tensors of a session by name, in the order of a state dict: parameters and buffers, then slots. */
export class TensorTable {
  readonly #entries = new Map<string, Entry>();

  /** @param slots of the update rule */
  constructor(graph: Graph, { specs, program }: LoweredGraph, slots: readonly string[] = []) {
    const indices = new Map(specs.map(({ name }, index) => [name, index]));
    const indexOf = ({ name }: TensorSpec) => indices.get(name) as number;
    const all = tensorsOf(graph);
    for (const spec of all)
      this.#entries.set(spec.name, { shape: spec.shape, index: indexOf(spec) });
    slots.forEach((slot, number) => {
      const first = specs.length + number * program.parameterCount;
      for (const spec of all.filter(({ kind }) => kind === 'parameter'))
        this.#entries.set(slotTensorName(slot, spec.name), {
          shape: spec.shape,
          index: first + indexOf(spec),
        });
    });
  }

  /** Values by index; borrowed from `weights`. @throws RefoldError `RF-DEVICE-TENSOR` where one is missing or misshapen */
  ordered(weights: NamedTensors): Float32Array[] {
    const values: Float32Array[] = [];
    for (const [name, { shape, index }] of this.#entries) {
      const tensor = weights.get(name);
      if (!tensor) throw tensorUnknown(name, `values of shape [${String(shape)}]`, 'none');
      this.checkFits(name, tensor);
      values[index] = tensor.data;
    }
    return values;
  }

  /** The other way round. */
  named(values: readonly Float32Array[]): Map<string, HostTensor> {
    return new Map(
      [...this.#entries].map(([name, { shape, index }]) => [
        name,
        { shape, data: values[index] as Float32Array },
      ]),
    );
  }

  /** Undefined where there is no such tensor. */
  indexOf(name: string): number | undefined {
    return this.#entries.get(name)?.index;
  }

  /** @throws RefoldError `RF-DEVICE-TENSOR` for an unknown name or another shape */
  checkFits(name: string, { shape, data }: HostTensor): void {
    const entry = this.#entries.get(name);
    if (!entry)
      throw tensorUnknown(name, 'a tensor of the network', 'a name that it does not have');
    const fits =
      shape.length === entry.shape.length &&
      shape.every((n, axis) => n === entry.shape[axis]) &&
      data.length === shape.reduce((product, n) => product * n, 1);
    if (fits) return;
    const received = `shape [${String(shape)}] with ${data.length} values`;
    throw tensorUnknown(name, `shape [${String(entry.shape)}]`, received);
  }
}
